//! What lists are known to have answered about the client before an inquiry begins. A list that is known not to hold the client
//! is not asked. For a client that was checked a short time ago, that is nearly every list.

use crate::base::name::Name;
use crate::dns::Answer;
use crate::dnsxl::{Subject, SubjectKind};
use crate::lists::RowSpec;
use crate::report::learned::ZoneHint;
use crate::state::SharedState;

/// A list that is asked about the client: the number of its row in the set, its zone, and a hint where that is in the table of
/// zones.
pub(crate) type ListOfClient<'a> = (usize, &'a Name, ZoneHint);

/// Looks up what lists are known to have answered.
pub(crate) trait KnownLists {
    /// Adds the known answers about the client to `known`, at most one for each list, with the numbers of their rows, in the
    /// order of `lists`.
    fn look_up(
        &self,
        client: &Subject,
        lists: &mut dyn Iterator<Item = ListOfClient<'_>>,
        known: &mut Vec<(usize, Answer)>,
    );
}

/// Nothing is known.
pub(crate) struct NothingKnown;

impl KnownLists for NothingKnown {
    fn look_up(&self, _: &Subject, _: &mut dyn Iterator<Item = ListOfClient<'_>>, _: &mut Vec<(usize, Answer)>) {}
}

/// The lists of these rows that are asked about the client's address.
pub(super) fn lists_about<'a>(
    kind: SubjectKind,
    rows: &'a [RowSpec],
    shared: &'a SharedState,
) -> impl Iterator<Item = ListOfClient<'a>> {
    let rows = rows.iter().enumerate().filter(|(_, of)| of.is_about_client());
    rows.map(move |(group, of)| (group, of.spec.zone(), shared.hint(group, kind)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::dns::{Failure, Randomness, Record, Soa};
    use crate::dnsxl::Verdict;
    use crate::inquiry::dialogue::Dialogue;
    use crate::inquiry::settings::Settings;
    use crate::inquiry::{Inquiry, Workspace};
    use crate::lists::ListSet;
    use crate::report::Source;

    /// The answer that each zone gave about any subject.
    struct Known(Vec<(&'static str, Answer)>);

    impl KnownLists for Known {
        fn look_up(
            &self,
            _: &Subject,
            lists: &mut dyn Iterator<Item = ListOfClient<'_>>,
            known: &mut Vec<(usize, Answer)>,
        ) {
            for (group, zone, _) in lists {
                let answers = self.0.iter().filter(|(of, _)| *of == zone.to_string());
                known.extend(answers.map(|(_, answer)| (group, answer.clone())));
            }
        }
    }

    #[test]
    fn only_plain_misses_end_a_list() {
        let seconds = Duration::from_secs(60);
        let miss = || Answer::nx_domain(Some(Soa::new("bl.test".parse().unwrap(), seconds)));
        let hit = Answer::records([Record::A([127, 0, 0, 2].into())], seconds);
        let known = Known(vec![
            ("miss.test", miss()),
            ("hit.test", hit),
            ("failed.test", Answer::failed(Failure::Timeout)),
            ("unsigned.test", Answer::nx_domain(None)),
        ]);
        let zones = ["miss.test", "hit.test", "failed.test", "unsigned.test", "unknown.test"];
        let lists = zones.iter().fold(ListSet::builder(), |set, zone| set.deny(zone)).allow("miss.test=127.0.0.9");
        let settings = Arc::new(Settings { lists: lists.build().unwrap(), ..Settings::default() });
        let (mut shared, now) = (SharedState::default(), Instant::now());
        let dialogue = Dialogue::from(std::net::IpAddr::from([9, 9, 9, 9]));
        let (workspace, random) = (Workspace::default(), Randomness::new());
        let mut inquiry = Inquiry::within(workspace, dialogue, &settings, &known, &mut shared, now, random);
        inquiry.begin(&mut shared, false);
        let asked = std::iter::from_fn(|| inquiry.next_question().map(|(_, question)| question.name.to_string()));
        let (asked, name) = (asked.collect::<Vec<_>>(), |zone: &str| format!("9.9.9.9.{zone}"));
        assert_eq!(asked[1..], ["hit.test", "failed.test", "unsigned.test", "unknown.test"].map(name));
        let report = inquiry.finish(Failure::Deadline);
        let is_miss = |zone: &str| {
            let rows = report.lists().iter().filter(|row| row.spec().zone().to_string() == zone);
            rows.map(|row| matches!(row.verdict(), Verdict::NotListed(_))).collect::<Vec<_>>()
        };
        assert_eq!((is_miss("miss.test"), is_miss("unknown.test")), (vec![true, true], vec![false]));
        let exchanges = report.exchanges_of(&report.lists()[0]).collect::<Vec<_>>();
        assert!(
            matches!(&exchanges[..], [exchange] if exchange.source() == Source::Memory && *exchange.answer() == miss())
        );
        assert_eq!(report.exchanges_of(&report.lists()[5]).collect::<Vec<_>>(), exchanges, "one question for both");
    }
}
