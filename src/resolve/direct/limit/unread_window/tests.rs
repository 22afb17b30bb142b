use super::*;

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// The timer fires. Sends as many questions as there is room for, and returns their stamps.
fn fill(window: &mut UnreadWindow, now: Time) -> Vec<Stamp> {
    let mut stamps = Vec::new();
    window.on_timer(now);
    while window.has_room(0) {
        stamps.push(window.sent(now, false));
    }
    stamps
}

/// Answers all.
fn answer(window: &mut UnreadWindow, stamps: Vec<Stamp>, sent: Time, now: Time) {
    for stamp in stamps {
        window.answered(sent, now);
        window.settled(stamp, false);
    }
}

#[tokio::test]
async fn a_server_that_never_answered_gets_no_more() {
    let (begin, mut window) = (Time::now(), UnreadWindow::new());
    let first = fill(&mut window, begin);
    assert_eq!(first.len(), 128);
    assert!(fill(&mut window, begin + ms(60_000)).is_empty());
    assert_eq!(window.next_opening(begin + ms(60_000)), None);
    // Some are given up, and others take their places.
    first.into_iter().take(5).for_each(|stamp| window.settled(stamp, false));
    assert_eq!(fill(&mut window, begin + ms(60_001)).len(), 5);
}

#[tokio::test]
async fn questions_that_a_server_works_on_take_no_room() {
    let (begin, mut window) = (Time::now(), UnreadWindow::new());
    let at = |milliseconds| begin + ms(milliseconds);
    // Twice it is seen that nothing comes for 40 ms at least.
    for from in [0, 60] {
        let first = fill(&mut window, at(from));
        assert_eq!(first.len(), 128);
        assert!(fill(&mut window, at(from + 40)).is_empty());
        answer(&mut window, first, at(from), at(from + 50));
    }
    let sent: usize = (110..=300).step_by(10).map(|now| fill(&mut window, at(now)).len()).sum();
    // Silent for twice as long as that at 190.
    assert_eq!(sent, 9 * 128);
    assert!(fill(&mut window, at(10_000)).is_empty());
    window.answered(at(100), at(10_001));
    assert_eq!(fill(&mut window, at(10_002)).len(), 128);
}

#[tokio::test]
async fn a_slow_server_that_has_just_answered_has_read_what_is_5_ms_old() {
    let (begin, mut window) = (Time::now(), UnreadWindow::new());
    let at = |milliseconds| begin + ms(milliseconds);
    for from in [0, 60] {
        let first = fill(&mut window, at(from));
        assert!(fill(&mut window, at(from + 40)).is_empty());
        answer(&mut window, first, at(from), at(from + 50));
    }
    assert_eq!(fill(&mut window, at(116)).len(), 128);
    assert_eq!(window.next_opening(at(116)), Some(at(126)));
    window.answered(at(60), at(120));
    assert_eq!(window.next_opening(at(120)), Some(at(121)));
    assert!(fill(&mut window, at(120)).is_empty());
    assert_eq!(fill(&mut window, at(121)).len(), 128);
    // Nothing has come since.
    assert!(fill(&mut window, at(130)).is_empty());
    assert_eq!(fill(&mut window, at(131)).len(), 128);
}

#[tokio::test]
async fn a_quick_server_that_stalls_gets_no_more() {
    let (begin, mut window) = (Time::now(), UnreadWindow::new());
    let at = |milliseconds| begin + ms(milliseconds);
    for turn in 0..100 {
        let stamps = fill(&mut window, at(turn * 20));
        assert_eq!(stamps.len(), 128);
        // We are busy for all the time between.
        answer(&mut window, stamps, at(turn * 20), at(turn * 20 + 19));
    }
    assert_eq!(fill(&mut window, at(2_000)).len(), 128);
    for now in 2_001..3_000 {
        assert!(fill(&mut window, at(now)).is_empty(), "{now}");
    }
}

#[tokio::test]
async fn questions_unanswered_for_long_have_been_read() {
    let (begin, mut window) = (Time::now(), UnreadWindow::new());
    fill(&mut window, begin);
    // A resolver that knows some answers, and waits for others.
    for turn in 0..10 {
        for now in (1..5).map(|now| begin + ms(turn * 5 + now)) {
            window.answered(now, now);
            assert!(fill(&mut window, now).is_empty());
        }
        assert_eq!(fill(&mut window, begin + ms(turn * 5 + 5)).len(), 128);
    }
    // It has answered at 49, and is silent.
    assert!(fill(&mut window, begin + ms(53)).is_empty());
    for now in (55..1_000).map(|now| begin + ms(now)) {
        assert!(fill(&mut window, now).is_empty());
    }
}

#[tokio::test]
async fn losses_narrow_it_and_answers_widen_it() {
    let (begin, mut window) = (Time::now(), UnreadWindow::new());
    // One in fifty is the network's doing.
    for number in 0..1_000 {
        window.answered(begin, begin);
        if number % 50 == 0 {
            window.lost(begin, begin + ms(100));
        }
    }
    assert_eq!(window.width, 128);
    for number in 1..=10 {
        // All that was under way counts once.
        (0..100).for_each(|_| window.lost(begin + ms(number * 1_000 - 1), begin + ms(number * 1_000)));
    }
    assert_eq!(window.width, 32);
    (0..8 * 96).for_each(|_| window.answered(begin, begin + ms(20_000)));
    assert_eq!(window.width, 128);
    (0..100).for_each(|_| window.lost(begin + ms(20_000), begin + ms(20_100)));
    assert_eq!(window.width, 64);
    assert_eq!(fill(&mut window, begin + ms(20_100)).len(), 64);
}

#[tokio::test]
async fn names_that_clients_chose_fill_one_half() {
    let (begin, mut window) = (Time::now(), UnreadWindow::new());
    let at = |milliseconds| begin + ms(milliseconds);
    let mut stamps = Vec::new();
    while window.has_room(0) && window.has_room_for_chosen(0) {
        stamps.push(window.sent(begin, true));
    }
    assert_eq!(stamps.len(), 64);
    assert_eq!(fill(&mut window, at(1)).len(), 64);
    // The server is at work: what was sent long before an answer was read.
    window.answered(at(1), at(20));
    window.on_timer(at(21));
    assert!(window.has_room_for_chosen(63) && !window.has_room_for_chosen(64));
    // What is not counted any more is not settled twice.
    let last = window.sent(at(21), true);
    stamps.into_iter().for_each(|stamp| window.settled(stamp, true));
    assert_eq!((window.chosen, window.unread), (1, 1));
    window.settled(last, true);
    assert_eq!((window.chosen, window.unread), (0, 0));
}

#[tokio::test]
async fn groups_are_few() {
    let (begin, mut window) = (Time::now(), UnreadWindow::new());
    let mut open = Vec::new();
    for at in 0..100_000 {
        let now = begin + Duration::from_micros(at * 700);
        if window.has_room(0) {
            open.push(window.sent(now, false));
        }
        if at % 3 == 0 {
            let stamp = open.swap_remove((at as usize * 7919) % open.len());
            window.settled(stamp, false);
        }
        assert!(window.groups.len() <= MOST_GROUPS && window.unread <= 128);
        assert_eq!(window.unread, window.groups.iter().map(|group| group.open).sum::<usize>());
    }
    open.into_iter().for_each(|stamp| window.settled(stamp, false));
    assert_eq!((window.unread, window.groups.len()), (0, 0));
}

proptest::proptest! {
    /// So it is enough to look again when something happens.
    #[test]
    fn no_opening_is_earlier_when_seen_from_a_later_time(steps in proptest::collection::vec((0_u8..6, 0_u64..300), 1..200)) {
        let (mut window, mut now, mut open) = (UnreadWindow::new(), Time::now(), Vec::new());
        for (step, number) in steps {
            match step {
                0 => open.push((now, window.sent(now, false))),
                1 | 2 if !open.is_empty() => {
                    let (sent, stamp) = open.swap_remove(number as usize % open.len());
                    if step == 1 {
                        window.answered(sent, now);
                    }
                    window.settled(stamp, false);
                }
                3 => window.on_timer(now),
                4 => now = now + Duration::from_micros(number * 10),
                _ => now = now + Duration::from_micros(number * 200),
            }
            assert_eq!(window.silence, silence(&window.quickest));
            let (later, never) = ((0..40).chain([240, 250, 260, 500]), now + Duration::MAX);
            let openings: Vec<_> = later.map(|later| window.next_opening(now + ms(later)).unwrap_or(never)).collect();
            assert!(openings.is_sorted(), "{openings:?}");
        }
    }
}
