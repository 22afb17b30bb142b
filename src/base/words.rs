//! Words for the variants of an enum, in JSON, in settings and on the command line.

use crate::base::key_mask::hide_keys;
use crate::base::remote_text::RemoteText;
use crate::base::similar::nearest;

/// Gives an enum without fields its words: `ALL`, `word`, `FromStr`, with `serde` also `Serialize`. After `: Display` the word
/// is also the text for people.
macro_rules! words {
    ($what:literal, $type:ident: Display { $($words:tt)* }) => {
        $crate::base::words::words!($what, $type { $($words)* });

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.word())
            }
        }
    };
    ($what:literal, $type:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        impl $type {
            /// Every value, in the order of the definition.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$variant),*];

            /// A word in lower case, for programs.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),*
                }
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::UnknownWord;

            fn from_str(text: &str) -> Result<Self, $crate::UnknownWord> {
                let known = Self::ALL.into_iter().find(|known| known.word() == text);
                known.ok_or_else(|| $crate::UnknownWord::new($what, text, &Self::ALL.map(Self::word)))
            }
        }

        #[cfg(feature = "serde")]
        impl ::serde::Serialize for $type {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.word())
            }
        }
    };
}
pub(crate) use words;

/// Characters of an unknown word that an error quotes.
const MAX_QUOTED: usize = 40;

/// A text is none of the words of a type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no {what} \"{text}\"{}", similar.map(|word| format!("; did you mean {word}?")).unwrap_or_default())]
pub struct UnknownWord {
    what: &'static str,
    text: RemoteText,
    similar: Option<&'static str>,
}

impl UnknownWord {
    pub(crate) fn new(what: &'static str, text: &str, words: &[&'static str]) -> Self {
        // By mistake it may be a list with its key.
        let similar = nearest(text, words.iter().copied());
        Self { what, text: RemoteText::clip_to(&hide_keys(text), MAX_QUOTED), similar }
    }

    /// The word that was probably meant.
    #[must_use]
    pub fn similar(&self) -> Option<&'static str> {
        self.similar
    }
}
