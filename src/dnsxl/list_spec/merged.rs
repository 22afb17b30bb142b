//! A list that another one holds: that one is asked, and what its codes say of this one counts.

use std::borrow::Cow;
use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::base::name::Name;
use crate::dnsxl::classify::{Class, classify};
use crate::dnsxl::list_spec::ListSpec;
use crate::dnsxl::{CodeTest, Profile};

/// The zone as it was named, and how the zone that is asked tells its entries from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Within {
    named: Name,
    told_by: CodeTest,
}

impl ListSpec {
    /// The zone as it was named; its `Display` hides a key. Another one than [`zone`](Self::zone) where one question is put to
    /// a list that holds several: [`Merge`](crate::lists::Merge).
    #[must_use]
    pub fn named(&self) -> &Name {
        self.how.within.as_ref().map_or(&self.zone, |within| &within.named)
    }

    /// The same list, asked in a zone that holds it and tells its entries by their codes. `profile` is what is known about
    /// that zone.
    #[must_use]
    pub(crate) fn asked_within(mut self, whole: Name, told_by: CodeTest, profile: &Profile) -> Self {
        self.profile = Some(Arc::new(self.knowledge().within(profile)));
        let named = std::mem::replace(&mut self.zone, whole);
        self.how.within = Some(Within { named, told_by });
        self.called_anew()
    }

    /// Would this code alone count?
    pub(crate) fn lists(&self, code: Ipv4Addr) -> bool {
        matches!(classify(self, &[code]), Class::Hit(_))
    }

    /// Those codes of an answer that are this list's, as its own zone would write them; all of them where that one is asked.
    pub(crate) fn own_codes<'a>(&self, codes: &'a [Ipv4Addr]) -> Cow<'a, [Ipv4Addr]> {
        let Some(within) = &self.how.within else { return Cow::Borrowed(codes) };
        match within.told_by.as_any_bit() {
            None => codes.iter().copied().filter(|code| within.told_by.passes(*code)).collect(),
            // RFC 5782 §2.3: a sum of bits, of which the other ones are other lists'.
            Some(mask) => codes
                .iter()
                .filter(|code| matches!(code.octets(), [127, 0, 0, _]) && within.told_by.passes(**code))
                .map(|code| Ipv4Addr::from(u32::from(*code) & u32::from(mask) | 0x7f00_0000))
                .collect(),
        }
    }
}
