//! Which findings a stage of an SMTP session acts on.

use crate::report::finding::Finding;
use crate::report::stage::Stage;
use crate::report::summary::FindingSet;

/// The findings that earlier stages of a session have acted on, by stage.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told([FindingSet; 4]);

impl Told {
    fn at(&mut self, stage: Stage) -> &mut FindingSet {
        let [connect, helo, mail, rcpt] = &mut self.0;
        match stage {
            Stage::Connect => connect,
            Stage::Helo => helo,
            Stage::Mail => mail,
            Stage::Rcpt => rcpt,
        }
    }

    /// Has a stage before this one acted on the finding?
    pub(crate) fn before(&self, stage: Stage, finding: Finding) -> bool {
        Stage::ALL.iter().zip(&self.0).any(|(earlier, told)| *earlier < stage && told.contains(finding))
    }

    /// Forgets what belongs to this stage and to later ones.
    pub(crate) fn forget_from(&mut self, stage: Stage) {
        Stage::ALL
            .into_iter()
            .filter(|later| *later >= stage)
            .for_each(|later| *self.at(later) = FindingSet::default());
    }
}

/// One stage of a session, as a policy sees it.
#[derive(Debug)]
pub(crate) struct Moment<'a> {
    pub(crate) stage: Stage,
    /// Findings of earlier stages are acted on from this stage on.
    pub(crate) act_from: Stage,
    pub(crate) told: &'a mut Told,
}

impl Moment<'_> {
    /// Does this stage act on what belongs to `stage`?
    pub(crate) fn is_current(&self, stage: Stage) -> bool {
        stage.max(self.act_from) == self.stage
    }

    /// Does this stage act on a finding that belongs to `stage`? It does if no earlier stage could, or if the finding has
    /// become known only now.
    pub(super) fn acts_on(&mut self, finding: Finding, stage: Stage) -> bool {
        let due = stage.max(self.act_from);
        let told = self.told.at(due);
        let is_new = !told.contains(finding);
        if due <= self.stage {
            told.insert(finding);
        }
        due == self.stage || (due < self.stage && is_new)
    }
}
