//! A list for a small number of elements, usually one.

use std::iter::once;

/// A list that stores its first element without an allocation, and a second one with a single one. It takes little more than
/// one element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SmallList<T> {
    first: Option<T>,
    more: Option<Box<More<T>>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct More<T> {
    second: T,
    others: Vec<T>,
}

impl<T> Default for SmallList<T> {
    fn default() -> Self {
        Self { first: None, more: None }
    }
}

impl<T> SmallList<T> {
    pub(crate) fn one(first: T) -> Self {
        Self { first: Some(first), more: None }
    }

    pub(crate) fn push(&mut self, element: T) {
        match (&mut self.first, &mut self.more) {
            (first @ None, _) => *first = Some(element),
            (_, more @ None) => *more = Some(Box::new(More { second: element, others: Vec::new() })),
            (_, Some(more)) => more.others.push(element),
        }
    }

    /// In the order in which they were added.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.first.iter().chain(self.more.iter().flat_map(|more| once(&more.second).chain(&more.others)))
    }

    pub(crate) fn for_each_mut(&mut self, mut change: impl FnMut(&mut T)) {
        if let Some(first) = &mut self.first {
            change(first);
        }
        if let Some(More { second, others }) = self.more.as_deref_mut() {
            change(second);
            others.iter_mut().for_each(change);
        }
    }

    /// The same as a loop over all, but cheaper where there is only one.
    pub(crate) fn for_each(self, mut take: impl FnMut(T)) {
        self.first.into_iter().for_each(&mut take);
        if let Some(More { second, others }) = self.more.map(|more| *more) {
            take(second);
            others.into_iter().for_each(take);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        if let Some(more) = &mut self.more {
            more.others.retain(&keep);
        }
        if self.more.as_ref().is_some_and(|more| !keep(&more.second)) {
            self.take_second();
        }
        if self.first.as_ref().is_some_and(|first| !keep(first)) {
            self.first = self.take_second();
        }
    }

    fn take_second(&mut self) -> Option<T> {
        let mut more = self.more.take()?;
        if more.others.is_empty() {
            return Some(more.second);
        }
        let next = more.others.remove(0);
        let second = std::mem::replace(&mut more.second, next);
        self.more = Some(more);
        Some(second)
    }
}

impl<T> IntoIterator for SmallList<T> {
    type Item = T;
    type IntoIter =
        std::iter::Chain<std::iter::Chain<std::option::IntoIter<T>, std::option::IntoIter<T>>, std::vec::IntoIter<T>>;

    fn into_iter(self) -> Self::IntoIter {
        let (second, others) = match self.more.map(|more| *more) {
            Some(More { second, others }) => (Some(second), others),
            None => (None, Vec::new()),
        };
        self.first.into_iter().chain(second).chain(others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_list() {
        let mut list = SmallList::one(1);
        (2..=5).for_each(|number| list.push(number));
        assert_eq!(list.iter().copied().collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        list.retain(|number| number % 2 == 0);
        assert_eq!(list.iter().copied().collect::<Vec<_>>(), [2, 4]);
        list.for_each_mut(|number| *number += 1);
        list.retain(|number| *number == 5);
        list.retain(|_| false);
        assert!(list.is_empty());
        list.push(7);
        let mut seen = Vec::new();
        (8..=10).for_each(|number| list.push(number));
        list.clone().for_each(|number| seen.push(number));
        assert_eq!(seen, [7, 8, 9, 10]);
        list.retain(|number| *number == 7);
        assert_eq!(list.into_iter().collect::<Vec<_>>(), [7]);
    }
}
