//! Verdicts as they come, for a host that shows progress.

use crate::dnsxl::ListFinding;
use crate::inquiry::Inquiry;
use crate::inquiry::questions::CheckId;
use crate::report::ListReport;
use crate::report::update::Update;

impl Inquiry {
    /// The verdicts that were reached since the last call.
    pub(crate) fn take_decided(&mut self) -> Vec<Update> {
        let mut updates = Vec::new();
        let reported = &mut self.reported;
        if let Some(iprev) = once(&mut reported.iprev, self.iprev.as_ref().and_then(|check| check.verdict.as_ref())) {
            updates.push(Update::Iprev(iprev.clone()));
        }
        if let Some(helo) = once(&mut reported.helo, self.helo.as_ref().and_then(|check| check.verdict.as_ref())) {
            updates.push(Update::Helo(Box::new(helo.clone())));
        }
        if let Some(sender) = once(&mut reported.sender, self.sender.as_ref().and_then(|check| check.verdict.as_ref()))
        {
            updates.push(Update::Sender(Box::new(sender.clone())));
        }
        let recipient = self.recipient.as_ref().and_then(|check| check.verdict.as_ref());
        if let Some(recipient) = once(&mut reported.recipient, recipient) {
            updates.push(Update::Recipient(Box::new(recipient.clone())));
        }
        let unasked = if std::mem::replace(&mut reported.unasked, true) { &[] } else { &self.unasked[..] };
        updates.extend(unasked.iter().map(|row| Update::List(Box::new(row.clone()))));
        reported.lists.resize(self.lists.len(), false);
        for (list, is_reported) in self.lists.iter().zip(&mut reported.lists) {
            let Some(verdict) = once(is_reported, list.run.verdict.as_ref().map(ListFinding::verdict)) else {
                continue;
            };
            updates.push(Update::List(Box::new(ListReport {
                spec: list.run.unit.spec().clone(),
                subject: list.subject.clone(),
                part: list.part,
                group: list.group,
                operator: list.operator,
                check: CheckId::List(list.index),
                verdict: verdict.clone(),
                health: list.health.clone(),
            })));
        }
        updates
    }
}

/// The verdict, if it is there and was not reported before.
fn once<'a, T>(reported: &mut bool, verdict: Option<&'a T>) -> Option<&'a T> {
    let verdict = verdict.filter(|_| !*reported)?;
    *reported = true;
    Some(verdict)
}
