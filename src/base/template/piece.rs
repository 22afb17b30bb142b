//! What a template consists of, and what it can name.

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(String),
    Value(Variable),
    /// The first text where the value is not empty, the second where it is.
    Either(Variable, Vec<Piece>, Vec<Piece>),
}

/// Makes `Variable` with the name of each, so that the two cannot differ.
macro_rules! variables {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),* $(,)?) => {
        /// What a template can name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Variable {
            $($(#[$doc])* $variant),*
        }

        impl Variable {
            /// Every variable.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name behind the dollar sign.
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
    /// `name[address]`, the name being `unknown` where none is confirmed.
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
    /// The part of it before the `@`.
    SenderName = "sender_name",
    /// The part of it after the `@`.
    SenderDomain = "sender_domain",
    /// The recipient's address without angle brackets.
    Recipient = "recipient",
    /// The part of it before the `@`.
    RecipientName = "recipient_name",
    /// The part of it after the `@`.
    RecipientDomain = "recipient_domain",
    /// The code that the policy gives for this finding.
    RblCode = "rbl_code",
    /// The list, without its key.
    RblDomain = "rbl_domain",
    /// What the list says about the subject.
    RblReason = "rbl_reason",
    /// The same; Postfix has both.
    RblTxt = "rbl_txt",
    /// What was found in the list: an address or a domain.
    RblWhat = "rbl_what",
    /// What that is: `Client host`, `Helo command`, `Sender address`.
    RblClass = "rbl_class",
    /// How many more lists decided; empty where there are none.
    RblOthers = "rbl_others",
    /// Why it is not known, or what is wrong with a domain.
    Why = "why",
    /// The texts of the first two findings, where several weigh.
    Causes = "causes",
}
