//! Verdicts as they come, for a host that shows progress.

use crate::inquiry::Inquiry;
use crate::report::ListReport;
use crate::report::update::Update;

impl Inquiry {
    /// The verdicts that were reached since the last call.
    pub(crate) fn take_decided(&mut self) -> Vec<Update> {
        let mut updates = Vec::new();
        let mut reported = std::mem::take(&mut self.reported);
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
        reported.rows.resize(self.rows.len(), false);
        for (row, is_reported) in self.rows.iter().zip(&mut reported.rows) {
            if let Some(verdict) = once(is_reported, self.verdict_of(row)) {
                updates.push(Update::List(Box::new(ListReport { verdict: verdict.clone(), ..row.clone() })));
            }
        }
        self.reported = reported;
        updates
    }
}

/// The verdict, if it is there and was not reported before.
fn once<'a, T>(reported: &mut bool, verdict: Option<&'a T>) -> Option<&'a T> {
    let verdict = verdict.filter(|_| !*reported)?;
    *reported = true;
    Some(verdict)
}
