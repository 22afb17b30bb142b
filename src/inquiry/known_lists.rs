//! What lists are known to have answered about the client when an inquiry begins. A list that is known not to hold the client is
//! done from the start: nearly every list of a client that comes again.

use crate::base::name::Name;
use crate::dns::Answer;
use crate::dnsxl::Subject;
use crate::inquiry::Inquiry;
use crate::inquiry::questions::CheckId;
use crate::inquiry::running::RunningCheck;
use crate::report::learned::ZoneHint;

/// A list that is asked about the client: its index in the inquiry, its zone, and where to look for that.
pub(crate) type ListOfClient<'a> = (usize, &'a Name, ZoneHint);

/// Looks up what lists are known to have answered.
pub(crate) trait KnownLists {
    /// Adds the known answers about the client to `known`, with the indexes of their lists, in the order of `lists`.
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

impl Inquiry {
    /// Begins every list: those that are known not to hold the client are done, the others ask their questions.
    pub(super) fn begin_lists(&mut self, known_lists: &dyn KnownLists) {
        let mut known = std::mem::take(&mut self.workspace.known);
        if let Some(client) = self.dialogue.client.map(Subject::from) {
            known_lists.look_up(&client, &mut self.lists_of(&client), &mut known);
        }
        let mut answers = known.drain(..).peekable();
        for index in 0..self.lists.len() {
            let answer = answers.next_if(|(of, _)| *of == index);
            if !answer.is_some_and(|(_, answer)| self.use_known_miss(index, answer)) {
                self.advance(CheckId::List(index));
            }
        }
        drop(answers);
        self.workspace.known = known;
    }

    /// The lists that are asked about the client as usual.
    fn lists_of(&self, client: &Subject) -> impl Iterator<Item = ListOfClient<'_>> {
        self.lists.iter().enumerate().filter_map(move |(index, list)| {
            let unit = &list.run.unit;
            let is_usual = list.subject.as_ref() == Some(client) && unit.takes_plain_miss();
            is_usual.then(|| (index, unit.spec().zone(), list.hint))
        })
    }

    /// Ends a list with this cached answer, if it is a plain negative one. Any other is looked up again when it is asked for.
    fn use_known_miss(&mut self, index: usize, answer: Answer) -> bool {
        let Some(list) = self.lists.get_mut(index) else { return false };
        let Some(question) = list.run.unit.remember_miss(&answer) else { return false };
        list.run.advance();
        self.questions.add_known(question, answer, CheckId::List(index));
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::dns::{Failure, Randomness, Record, Soa};
    use crate::dnsxl::Verdict;
    use crate::inquiry::Workspace;
    use crate::inquiry::dialogue::Dialogue;
    use crate::inquiry::settings::Settings;
    use crate::lists::ListSet;
    use crate::report::Source;
    use crate::state::SharedState;

    /// The answer that each zone gave about any subject.
    struct Known(Vec<(&'static str, Answer)>);

    impl KnownLists for Known {
        fn look_up(
            &self,
            _: &Subject,
            lists: &mut dyn Iterator<Item = ListOfClient<'_>>,
            known: &mut Vec<(usize, Answer)>,
        ) {
            for (index, zone, _) in lists {
                let answers = self.0.iter().filter(|(of, _)| *of == zone.to_string());
                known.extend(answers.map(|(_, answer)| (index, answer.clone())));
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
        let mut inquiry = Inquiry::within(workspace, dialogue, &settings, &mut shared, now, random);
        inquiry.begin(&known, &mut shared, false);
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
