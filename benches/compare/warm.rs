pub(crate) fn run(_smoke: bool) {}
