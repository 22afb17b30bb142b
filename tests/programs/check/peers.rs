//! Cases from the tests of other mail software: lists in its notation, clients and codes. The decisions here are the same.

use super::{ask, serve};

#[tokio::test]
async fn lists_of_other_software() {
    let server = serve(include_str!("../../data/peers.zone")).await;
    let (mut wrong, mut decided) = (Vec::new(), 0);
    for line in include_str!("../../data/peers.tsv").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [spec, arguments, wanted] = cells.as_slice() else { panic!("{line}") };
        let spec = spec.replace("\\n", "\n");
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let fixed = ["--json", "--special", "--profile", "none", "--list", &spec];
        let run = ask(&server, &[&fixed[..], &arguments].concat()).await;
        let reports = if run.out.is_empty() { 0 } else { run.at("/reports").as_array().map_or(0, Vec::len) };
        let found = (0..reports).flat_map(|report| run.verdicts_of(report)).collect::<Vec<_>>().join(" ");
        decided += wanted.split(' ').count();
        if found != *wanted {
            wrong.push(format!("{}\t{}\t{found}\n  {}", cells[0], cells[1], run.err));
        }
    }
    assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
    assert!(decided > 190, "{decided}");
}
