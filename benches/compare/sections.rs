//! Which sections run. Each has a process of its own, so that none finds the memory of another.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio, exit};
use std::time::Instant;

use super::{
    burst, composite, latency, lists, memory, question, reply, responder, session, threads, waiting, warm, weather,
    write,
};

/// Name, and what to run: little of it where told.
type Section = (&'static str, fn(bool));

const SECTIONS: [Section; 13] = [
    ("question", question::run),
    ("composite", composite::run),
    ("latency", latency::run),
    ("weather", weather::run),
    ("warm", warm::run),
    ("threads", threads::run),
    ("memory", memory::run),
    ("waiting", waiting::run),
    ("burst", burst::run),
    ("reply", reply::run),
    ("lists", lists::run),
    ("session", session::run),
    (MILLION, warm::million),
];

/// Takes minutes: only when named, and to see that it runs.
const MILLION: &str = "million";

/// Runs a section in this process.
const HERE: &str = "--here";
/// Runs nothing: the figures stand in this file.
const FROM: &str = "--from=";

pub(crate) fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if arguments.first().is_some_and(|first| first == responder::ARGUMENT) {
        return responder::run(&arguments[1..]);
    }
    let (arguments, files) = match arguments.iter().position(|argument| argument == "--write") {
        Some(at) => (&arguments[..at], &arguments[at + 1..]),
        None => (&arguments[..], &[][..]),
    };
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let named: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|argument| !argument.starts_with("--")).collect();
    if let Some(unknown) = named.iter().find(|name| SECTIONS.iter().all(|(section, _)| section != *name)) {
        println!("# no such section: {unknown}");
        exit(2);
    }
    let mut lines = Vec::new();
    if let Some(file) = arguments.iter().find_map(|argument| argument.strip_prefix(FROM)) {
        lines.extend(fs::read_to_string(file).unwrap().lines().map(ToOwned::to_owned));
        return files.iter().for_each(|file| write::figures(file, &lines));
    }
    let wanted = |name: &str| named.contains(&name) || named.is_empty() && (name != MILLION || has("--smoke"));
    for (name, run) in SECTIONS.iter().filter(|(name, _)| wanted(name)) {
        if has(HERE) {
            run(has("--smoke"));
        } else {
            let started = Instant::now();
            lines.extend(of_its_own(name, has("--smoke")));
            println!("# {name}: {:.0} s", started.elapsed().as_secs_f64());
        }
    }
    for file in files {
        write::figures(file, &lines);
    }
}

/// What a section printed; it is printed here, too.
fn of_its_own(name: &str, smoke: bool) -> Vec<String> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([name, HERE]).args(smoke.then_some("--smoke")).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let printed = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let lines = printed.inspect(|line| println!("{line}")).collect();
    if !child.wait().unwrap().success() {
        println!("# {name} failed");
        exit(1);
    }
    lines
}
