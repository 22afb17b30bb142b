//! Servers that say nothing over TCP.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use futures::future::join_all;
use rdnsbl::dns::{Answer, Failure};
use tokio::net::TcpStream;

use crate::kit::stalls::one_of_three;
use crate::tcp::{Cutting, ask, ms, next_question, serve_all, truth, with_total};

#[tokio::test]
async fn a_server_that_never_answers_costs_the_time_and_no_more() {
    one_of_three(async || {
        let server = Cutting::start(|mut stream| async move { while next_question(&mut stream).await.is_some() {} });
        let direct = with_total(server.address, 1_000);
        let begun = Instant::now();
        let answers = join_all((0..400).map(|number| ask(&direct, number))).await;
        assert!(begun.elapsed() < ms(30_000), "{:?}", begun.elapsed());
        // Some of them got no connection before the deadline, or got one at the last moment.
        let [cut, late, last] = [Failure::Truncated, Failure::Overload, Failure::Timeout].map(Answer::failed);
        assert!(answers.iter().all(|answer| [&cut, &late, &last].contains(&answer)), "{answers:?}");
        // Connections without any answer are closed.
        server.all_are_closed().await;
        // Questions that get their turn when those have failed find the server as silent, and open no more.
        let (placed, opened) = (answers.iter().filter(|answer| **answer == cut).count(), server.opened());
        if placed >= 128 && opened <= 4 { Ok(()) } else { Err(format!("{placed} questions, {opened} connections")) }
    })
    .await;
}

/// A client can choose a name about which the resolver says nothing over TCP. Its silence does not delay others.
#[tokio::test]
async fn a_silent_question_does_not_stop_the_others() {
    one_of_three(async || {
        let is_first = Arc::new(AtomicBool::new(true));
        let server = Cutting::start(move |mut stream: TcpStream| {
            let is_silent = is_first.swap(false, Ordering::Relaxed);
            async move {
                if is_silent {
                    while next_question(&mut stream).await.is_some() {}
                } else {
                    serve_all(stream).await;
                }
            }
        });
        let direct = with_total(server.address, 1_000);
        assert_eq!(ask(&direct, 0).await, Answer::failed(Failure::Truncated));
        server.all_are_closed().await;
        // Less than the time for which no connection is opened to a server that is silent on a full one.
        match tokio::time::timeout(ms(300), ask(&direct, 1)).await {
            Ok(answer) if answer == truth(1) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
}
