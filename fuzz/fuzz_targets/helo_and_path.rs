//! What a client may say after HELO, MAIL FROM and RCPT TO: always a verdict, also when nothing is answered.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdnsbl::Side;
use rdnsbl::dns::{Answer, Failure};
use rdnsbl::domain::MailDomainCheck;
use rdnsbl::helo::{HeloCheck, Ourselves};
use rdnsbl::step::{Step, Unit};

fuzz_target!(|text: &str| {
    let client = Some([192, 0, 2, 1].into());
    let mut helo = HeloCheck::new(text, client, &Ourselves::default());
    no_more_than(&mut helo, 10);
    let report = helo.expire(Failure::Deadline);
    assert!(report.argument().as_str().bytes().all(|octet| octet == b' ' || octet.is_ascii_graphic()));
    for side in [Side::Sender, Side::Recipient] {
        let mut domain = MailDomainCheck::new(side, text);
        no_more_than(&mut domain, 10);
        domain.expire(Failure::Deadline);
    }
});

/// Says "no such name" to everything, and counts.
fn no_more_than<U: Unit>(unit: &mut U, most: usize) {
    let mut asked = 0;
    while let Step::Need(slots) = unit.step() {
        for slot in slots {
            assert!(unit.question(slot).is_some());
            unit.supply(slot, Answer::nx_domain(None));
            asked += 1;
        }
        assert!(asked <= most);
    }
}
