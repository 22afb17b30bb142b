//! Lists as other mail software writes them: read into [`ListSpec`]s, and printed back.
//!
//! | notation | what is read |
//! |---|---|
//! | [`Postfix`](Notation::Postfix) | `reject_rbl_client zone=d.d.d.d`, the `reject_rhsbl_*` and `permit_*wl_*` restrictions, `zone=d.d.d.d` alone |
//! | [`Postscreen`](Notation::Postscreen) | `postscreen_dnsbl_sites`: `zone=d.d.d.d*weight`, separated by commas and blanks |
//! | [`Exim`](Notation::Exim) | `dnslists`: `zone`, `=` `==` `!=` `!==` `&` `=&` `!&` `!=&` and values, `/key`, two domains, `+defer_unknown` |
//! | [`Sendmail`](Notation::Sendmail) | ``FEATURE(`dnsbl', `zone', `message', `t')``, ``FEATURE(`enhdnsbl', ...)`` |
//! | [`SpamAssassin`](Notation::SpamAssassin) | `check_rbl`, `check_rbl_sub`, `check_rbl_txt`, `check_rbl_envfrom` |
//! | [`Rspamd`](Notation::Rspamd) | rules of `rbl.conf`: `rbl`, `checks`, `returncodes`, `returnbits`, `is_whitelist`, `unknown` |
//!
//! If a notation can express something that a [`ListSpec`] cannot, the result is an error at that position of the
//! text. Nothing is dropped.
//!
//! ```
//! use rdnsbl::lists::notation::{self, Notation};
//!
//! let text = "zen.spamhaus.org=127.0.0.[2..11]*3, list.dnswl.org=127.0.[0..255].[1..3]*-4, bad..example";
//! let read: Vec<_> = notation::read(Notation::Postscreen, text).collect();
//! assert_eq!(read[0].1.as_ref().map(|list| list.weight()), Ok(3));
//! let error = read[2].1.as_ref().unwrap_err();
//! assert_eq!(error.span(), 81..81); // in the whole text: the label that is missing
//! ```
//!
//! One difference is intended. An answer outside 127.0.0.0/8, an answer in 127.255.255.0/24, and 127.0.0.1 as the
//! only answer never count as a listing, whatever the filter (see [`CodeFilter`](crate::dnsxl::CodeFilter)).
//!
//! A text may contain more than lists: a whole `smtpd_recipient_restrictions`, `postscreen_dnsbl_sites` with its
//! threshold, an ACL statement with its message. A part that asks no list becomes an item of its own that says so
//! ([`SpecError::is_left_out`](crate::dnsxl::SpecError::is_left_out)). Lists that decide together form a [`Context`]
//! with its own [`Thresholds`]. A condition that this crate cannot apply and that makes a list narrower in the other
//! software (another condition of the same statement) is a mistake; the other lists are still read.
//!
//! If something is defined twice, the rule of its software applies: Postfix uses the last parameter of a name,
//! SpamAssassin the last rule of a name. Variables of `main.cf` and macros of Exim are replaced by the values that
//! the text defines; a variable or macro without a definition is a mistake that names it.

pub(crate) mod context;
pub(crate) mod exim;
pub(crate) mod main_cf;
pub(crate) mod octet_regex;
pub(crate) mod postfix;
pub(crate) mod postscreen;
mod restriction;
pub(crate) mod rspamd;
pub(crate) mod sendmail;
#[cfg(feature = "serde")]
mod serde;
pub(crate) mod spamassassin;
mod word;

use std::ops::Range;

use crate::dnsxl::{ListKind, ListSpec, SpecError};

pub use crate::lists::notation::context::{Amount, Context, Item, Thresholds};
pub use crate::lists::notation::word::NotExpressible;

pub(crate) use crate::lists::notation::context::shown as context_name;

pub use crate::dnsxl::list_spec::notation::Notation;
use crate::lists::notation::context::Contexts;
use crate::lists::notation::word::without_comments;

impl Notation {
    /// Detects the notation of a text. A plain zone, with or without codes and weight, means the same in Postfix and
    /// postscreen; postscreen is returned, because it can express more. `one.example,two.example=127.0.0.2` without a
    /// blank is treated as Exim's two domains.
    ///
    /// ```
    /// use rdnsbl::lists::notation::Notation;
    ///
    /// assert_eq!(Notation::detect("zen.spamhaus.org=127.0.0.2*3"), Notation::Postscreen);
    /// assert_eq!(Notation::detect("zen.spamhaus.org!=127.0.0.10,127.0.0.11"), Notation::Exim);
    /// ```
    #[must_use]
    pub fn detect(text: &str) -> Self {
        // Comments must not influence the detection.
        let text = &*without_comments(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text));
        let start = text.trim_start();
        let first = start.split([' ', '\t', '=', ',', '\n']).next().unwrap_or_default();
        if text.contains("FEATURE(") || text.contains("FEATURE (") {
            Self::Sendmail
        } else if text.contains("check_rbl") || crate::lists::notation::spamassassin::looks_like(text) {
            Self::SpamAssassin
        } else if crate::lists::notation::rspamd::looks_like(text) {
            Self::Rspamd
        } else if crate::lists::notation::exim::is_condition(text) {
            Self::Exim
        } else if restriction::is_restriction(first) || first.starts_with("smtpd_") || restriction::holds_list(text) {
            Self::Postfix
        } else if first.starts_with("postscreen_") || text.contains("\npostscreen_") {
            Self::Postscreen
        } else if crate::lists::notation::main_cf::looks_like(text) {
            Self::Postfix
        } else if crate::lists::notation::exim::looks_like(start) {
            Self::Exim
        } else {
            Self::Postscreen
        }
    }

    /// The list in this notation. Reading the result again gives an equivalent list.
    ///
    /// ```
    /// use rdnsbl::{ListSpec, Notation};
    ///
    /// let list = ListSpec::deny("bl.example=127.0.0.[2..4]")?;
    /// let filter = Notation::Exim.print(&list).unwrap();
    /// assert_eq!(filter, "bl.example=127.0.0.2,127.0.0.3,127.0.0.4");
    /// assert!(Notation::Sendmail.print(&list.with_weight(2)).is_err()); // sendmail has no weights
    /// # Ok::<(), rdnsbl::dnsxl::SpecError>(())
    /// ```
    ///
    /// # Errors
    /// [`NotExpressible`] when the notation cannot express the list, and for zones with a key, because a key is never
    /// shown.
    pub fn print(self, list: &ListSpec) -> Result<String, NotExpressible> {
        if list.named().secret().is_some() || list.reason_zone().is_some_and(|zone| zone.secret().is_some()) {
            return Err(NotExpressible("the zone holds a key, which is not shown"));
        }
        if list.is_labelled() {
            return Err(NotExpressible("a name of its own"));
        }
        let text = match self {
            Self::Postfix => crate::lists::notation::postfix::print(list),
            Self::Postscreen => crate::lists::notation::postscreen::print(list),
            Self::Exim => crate::lists::notation::exim::print(list),
            Self::Sendmail => crate::lists::notation::sendmail::print(list),
            Self::SpamAssassin => crate::lists::notation::spamassassin::print(list),
            Self::Rspamd => crate::lists::notation::rspamd::print(list),
        }?;
        // Check: the text must read back as the same list, so that it does not match more or anything else.
        match read(self, &text).collect::<Vec<_>>().as_slice() {
            [(_, Ok(read))] if says_the_same(read, list) => Ok(text),
            _ => Err(NotExpressible("exactly this")),
        }
    }
}

/// The lists of a text in the order of their contexts. For the contexts themselves see [`contexts`].
pub fn read(notation: Notation, text: &str) -> impl Iterator<Item = Item> + use<> {
    contexts(notation, text).into_iter().flat_map(|context| context.items)
}

/// The contexts of a text: the groups of lists that decide together.
///
/// ```
/// use rdnsbl::lists::notation::{self, Notation};
///
/// let text = "postscreen_dnsbl_sites = a.example*2 b.example\npostscreen_dnsbl_threshold = 3\n\
///     smtpd_client_restrictions = permit_mynetworks, reject_rbl_client c.example";
/// let [postscreen, smtpd] = &notation::contexts(Notation::detect(text), text)[..] else { panic!() };
/// assert_eq!((postscreen.name.as_deref(), postscreen.thresholds.listed), (Some("postscreen"), Some(3)));
/// assert_eq!((smtpd.name.as_deref(), smtpd.thresholds.listed), (Some("smtpd"), None));
/// assert_eq!(smtpd.lists().count(), 1);
/// assert_eq!(smtpd.left_out().count(), 1); // permit_mynetworks
/// ```
#[must_use]
pub fn contexts(notation: Notation, text: &str) -> Vec<Context> {
    contexts_within(notation, text, Amount::ALL).0
}

/// Like [`contexts`], in bounded memory: no more items are kept than `most`, in the order of the text. The others are counted
/// in the second value.
///
/// ```
/// use rdnsbl::lists::notation::{self, Amount, Notation};
///
/// let most = Amount { lists: 1, others: 10 };
/// let (contexts, beyond) = notation::contexts_within(Notation::Postscreen, "a.example, b.example, c.example", most);
/// assert_eq!(contexts[0].lists().count(), 1);
/// assert_eq!(beyond, Amount { lists: 2, others: 0 });
/// ```
#[must_use]
pub fn contexts_within(notation: Notation, text: &str, most: Amount) -> (Vec<Context>, Amount) {
    // A byte order mark is not part of the text, but positions must include its octets.
    let (text, offset) = match text.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) => (rest, BYTE_ORDER_MARK.len_utf8()),
        None => (text, 0),
    };
    let mut contexts = Contexts::new(most);
    match notation {
        Notation::Postfix => main_cf::read_postfix(text, &mut contexts),
        Notation::Postscreen => main_cf::read_postscreen(text, &mut contexts),
        Notation::Exim => exim::read(text, &mut contexts),
        Notation::Sendmail => sendmail::read(text, &mut contexts.of(Some(notation.word()))),
        Notation::SpamAssassin => spamassassin::read(text, &mut contexts.of(Some(notation.word()))),
        Notation::Rspamd => rspamd::read(text, &mut contexts.of(Some(notation.word()))),
    }
    let (mut contexts, beyond) = contexts.finish();
    let is_condition = notation == Notation::Exim && exim::is_condition(text);
    for context in &mut contexts {
        // A list without a name around it may be for any software; a parameter, restriction or function belongs to
        // one.
        let named = context.name.is_some();
        let software = if is_postscreen(context.name.as_deref()) { Notation::Postscreen } else { notation };
        for (span, item) in &mut context.items {
            let is_restriction = || restriction::is_restriction(first_word(text.get(span.start..).unwrap_or_default()));
            if let Ok(list) = item
                && (named || is_condition || (notation == Notation::Postfix && is_restriction()))
            {
                list.found_in(software);
            }
            shift(span, item, offset);
        }
    }
    (contexts, beyond)
}

/// Moves the positions of an item, for a text that is part of a larger text.
fn shift(span: &mut Range<usize>, item: &mut Result<ListSpec, SpecError>, offset: usize) {
    if offset > 0 {
        *span = offset + span.start..offset + span.end;
        if let Err(error) = item {
            *error = error.clone().shifted(offset);
        }
    }
}

fn is_postscreen(context: Option<&str>) -> bool {
    context == Some("postscreen")
}

const BYTE_ORDER_MARK: char = '\u{feff}';

/// The lists of a text; the notation is detected.
pub fn read_any(text: &str) -> impl Iterator<Item = Item> + use<> {
    read(Notation::detect(text), text)
}

/// Like [`read_any`], but lists are of kind `kind` if the text does not say whether they deny or allow. Where the
/// text says it (`permit_dnswl_client`, `accept dnslists`, ``FEATURE(`dnsbl'``), that kind is kept.
///
/// ```
/// use rdnsbl::dnsxl::ListKind;
/// use rdnsbl::lists::notation;
///
/// let kinds = |text| notation::read_as(ListKind::Allow, text).map(|(_, list)| list.map(|list| list.kind())).collect::<Vec<_>>();
/// assert_eq!(kinds("list.dnswl.org=127.0.[0..255].[1..3]"), [Ok(ListKind::Allow)]);
/// assert_eq!(kinds("reject_rbl_client zen.spamhaus.org"), [Ok(ListKind::Deny)]);
/// ```
pub fn read_as(kind: ListKind, text: &str) -> impl Iterator<Item = Item> + use<> {
    contexts_as(kind, text).into_iter().flat_map(|context| context.items)
}

/// The [`contexts`] of a text; the notation is detected. Lists are of kind `kind` if the text does not say it.
#[must_use]
pub fn contexts_as(kind: ListKind, text: &str) -> Vec<Context> {
    let notation = Notation::detect(text);
    let has_verb = notation == Notation::Exim && crate::lists::notation::exim::has_verb(text);
    let names_kind = |span: &Range<usize>| match notation {
        Notation::Postfix => restriction::is_restriction(first_word(text.get(span.clone()).unwrap_or_default())),
        Notation::Exim => has_verb,
        Notation::Sendmail => true,
        // Only `is_whitelist` sets the kind; rspamd has no setting for the other kind.
        Notation::Rspamd => text.contains("is_whitelist"),
        Notation::Postscreen | Notation::SpamAssassin => false,
    };
    let mut contexts = contexts(notation, text);
    for (span, item) in contexts.iter_mut().flat_map(|context| &mut context.items) {
        if let Ok(list) = item
            && !names_kind(span)
        {
            *list = list.clone().of_kind(kind);
        }
    }
    contexts
}

/// The text before the first blank.
fn first_word(text: &str) -> &str {
    text.split_ascii_whitespace().next().unwrap_or_default()
}

/// Are two lists queried and counted in the same way? Codes are compared by what they match, as far as needed:
/// notations write them differently.
fn says_the_same(one: &ListSpec, other: &ListSpec) -> bool {
    let codes = |list: &ListSpec| {
        list.codes().map(|filter| {
            let names = filter.tests().iter().any(|test| test.names(std::net::Ipv4Addr::LOCALHOST));
            (filter.quantifier(), names)
        })
    };
    (one.kind(), one.named(), one.weight(), one.parts(), one.fixed_subjects(), one.on_no_answer())
        == (other.kind(), other.named(), other.weight(), other.parts(), other.fixed_subjects(), other.on_no_answer())
        && (one.reason_zone(), one.reply_template().is_some(), one.only_null_sender(), one.only_observed())
            == (other.reason_zone(), other.reply_template().is_some(), other.only_null_sender(), other.only_observed())
        && codes(one) == codes(other)
}
