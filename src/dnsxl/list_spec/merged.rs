//! A list that is asked in the zone of another list, which contains its data and identifies them by return codes.

use std::borrow::Cow;
use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::base::name::Name;
use crate::dnsxl::list_spec::ListSpec;
use crate::dnsxl::list_spec::fields::MergedInto;
use crate::dnsxl::{CodeTest, Profile};

impl ListSpec {
    /// The zone in the configuration; its `Display` hides a key. It differs from [`zone`](Self::zone) if one query is sent to
    /// a list that contains several lists: [`Merge`](crate::lists::Merge).
    #[must_use]
    pub fn named(&self) -> &Name {
        self.usage.merged_into.as_ref().map_or(&self.zone, |merged| &merged.named)
    }

    /// The same list, asked in the zone `whole`, which contains its entries and identifies them by `own_codes`. `profile` is
    /// the profile of that zone.
    #[must_use]
    pub(crate) fn asked_within(mut self, whole: Name, own_codes: CodeTest, profile: &Profile) -> Self {
        self.profile = Some(Arc::new(self.knowledge().within(profile)));
        let named = std::mem::replace(&mut self.zone, whole);
        self.usage.merged_into = Some(MergedInto { named, own_codes });
        self.with_new_name()
    }

    /// The codes of an answer that belong to this list, in the form that its own zone returns. All codes if its own zone is
    /// asked.
    pub(crate) fn own_codes<'a>(&self, codes: &'a [Ipv4Addr]) -> Cow<'a, [Ipv4Addr]> {
        let Some(merged) = &self.usage.merged_into else { return Cow::Borrowed(codes) };
        match merged.own_codes.as_any_bit() {
            None => codes.iter().copied().filter(|code| merged.own_codes.passes(*code)).collect(),
            // RFC 5782 §2.3: a sum of bits; the other bits belong to other lists.
            Some(mask) => codes
                .iter()
                .filter(|code| matches!(code.octets(), [127, 0, 0, _]) && merged.own_codes.passes(**code))
                .map(|code| Ipv4Addr::from(u32::from(*code) & u32::from(mask) | 0x7f00_0000))
                .collect(),
        }
    }
}
