//! The subject that each part of a dialogue gives.

use crate::base::mail_path::{self, Path};
use crate::base::small_list::SmallList;
use crate::dnsxl::{Part, Skipped, Subject};
use crate::inquiry::dialogue::Dialogue;
use crate::inquiry::settings::Settings;

/// What a list is asked about, and why it is not asked. If there is a reason, the list is not asked even if there is a subject.
/// Both are `None` for the client's names, which are not known yet.
type SubjectOrSkip = (Option<Subject>, Option<Skipped>);

/// The subjects of a dialogue, each computed once: many lists ask about the same part.
pub(super) struct Subjects<'a> {
    pub(super) dialogue: &'a Dialogue,
    pub(super) settings: &'a Settings,
    pub(super) computed: SmallList<(Part, SubjectOrSkip)>,
}

impl Subjects<'_> {
    pub(super) fn of(&mut self, part: Part) -> SubjectOrSkip {
        if let Some((_, subject)) = self.computed.iter().find(|(of, _)| *of == part) {
            return subject.clone();
        }
        let found = subject_of(part, self.dialogue, self.settings);
        self.computed.push((part, found.clone()));
        found
    }
}

/// The subject of one part of the dialogue.
fn subject_of(part: Part, dialogue: &Dialogue, settings: &Settings) -> SubjectOrSkip {
    let of_path = |path: Option<&String>| match path.map(|path| mail_path::read(path)) {
        Some(Path::Domain(name)) => (Some(Subject::Domain(name)), None),
        Some(Path::Literal(_)) => (None, Some(Skipped::Literal)),
        _ => (None, Some(Skipped::NoClient)),
    };
    match part {
        Part::Address => match (dialogue.client, &dialogue.domain) {
            (Some(address), _) => (Some(Subject::from(address)), settings.skips(address, dialogue.trust)),
            (None, Some(domain)) => (Some(Subject::Domain(domain.clone())), None),
            (None, None) => (None, Some(Skipped::NoClient)),
        },
        // The names are known later; here it is decided only whether to ask about them at all.
        Part::ConfirmedName | Part::ReverseName => match dialogue.client {
            Some(address) => (None, settings.skips(address, dialogue.trust)),
            None => (None, Some(Skipped::NoClient)),
        },
        Part::Helo => match dialogue.helo.as_deref() {
            Some(literal) if mail_path::address_literal(literal).is_some() => (None, Some(Skipped::Literal)),
            argument => match argument.and_then(mail_path::host_name) {
                Some(name) => (Some(Subject::Domain(name)), None),
                None => (None, Some(Skipped::NoClient)),
            },
        },
        Part::Sender => of_path(dialogue.mail_from.as_ref()),
        Part::Recipient => of_path(dialogue.rcpt_to.as_ref()),
    }
}
