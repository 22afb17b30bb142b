//! The parts of a template, and the variables it can use.

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(String),
    Value(Variable),
    /// The first text if the value is not empty, the second if it is.
    Either(Variable, Vec<Piece>, Vec<Piece>),
}

/// Defines `Variable` together with the name of each variable, so that enum and names cannot differ.
macro_rules! variables {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),* $(,)?) => {
        /// A variable that a template can use.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Variable {
            $($(#[$doc])* $variant),*
        }

        impl Variable {
            /// Every variable.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name after the dollar sign.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),*
                }
            }
        }
    };
}

variables! {
    /// `name[address]`; the name is `unknown` if none is confirmed.
    Client = "client",
    /// The client's address.
    ClientAddress = "client_address",
    /// A confirmed name of the client, or `unknown`.
    ClientName = "client_name",
    /// A name of the client, confirmed or not, or `unknown`.
    ReverseClientName = "reverse_client_name",
    /// The argument of HELO or EHLO.
    HeloName = "helo_name",
    /// The sender's address without angle brackets.
    Sender = "sender",
    /// The local part of that address, before the `@`.
    SenderName = "sender_name",
    /// The domain of that address, after the `@`.
    SenderDomain = "sender_domain",
    /// The recipient's address without angle brackets.
    Recipient = "recipient",
    /// The local part of that address, before the `@`.
    RecipientName = "recipient_name",
    /// The domain of that address, after the `@`.
    RecipientDomain = "recipient_domain",
    /// The reply code that the policy gives for this finding.
    RblCode = "rbl_code",
    /// The list, without its key.
    RblDomain = "rbl_domain",
    /// What the list says about the subject.
    RblReason = "rbl_reason",
    /// The same value as the text of the list; Postfix has both names.
    RblTxt = "rbl_txt",
    /// The entry found in the list: an address or a domain.
    RblWhat = "rbl_what",
    /// The kind of the entry found: `Client host`, `Helo command`, `Sender address`.
    RblClass = "rbl_class",
    /// The number of further lists that decided; empty if there are none.
    RblOthers = "rbl_others",
    /// Why a result is unknown, or what is wrong with a domain.
    Why = "why",
    /// The texts of the first two findings, if several findings count.
    Causes = "causes",
}
