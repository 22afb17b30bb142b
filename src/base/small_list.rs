//! A list for a small number of elements, usually one.

use std::ops::{Deref, DerefMut};

/// A list that stores a single element without an allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum SmallList<T> {
    #[default]
    Empty,
    One(T),
    Many(Vec<T>),
}

impl<T> SmallList<T> {
    pub(crate) fn one(element: T) -> Self {
        Self::One(element)
    }

    pub(crate) fn push(&mut self, element: T) {
        *self = match std::mem::take(self) {
            Self::Empty => Self::One(element),
            Self::One(first) => Self::Many(vec![first, element]),
            Self::Many(mut elements) => {
                elements.push(element);
                Self::Many(elements)
            }
        };
    }

    /// The same as a loop over all, but cheaper where there is only one.
    pub(crate) fn for_each(self, mut take: impl FnMut(T)) {
        match self {
            Self::Empty => {}
            Self::One(only) => take(only),
            Self::Many(elements) => elements.into_iter().for_each(take),
        }
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        match self {
            Self::Empty => {}
            Self::One(only) if keep(only) => {}
            Self::One(_) => *self = Self::Empty,
            Self::Many(elements) => elements.retain(keep),
        }
    }

    /// The first `length` elements stay.
    pub(crate) fn truncate(&mut self, length: usize) {
        match self {
            Self::Many(elements) => elements.truncate(length),
            Self::Empty | Self::One(_) if length > 0 => {}
            Self::Empty | Self::One(_) => *self = Self::Empty,
        }
    }
}

impl<T> Deref for SmallList<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::Empty => &[],
            Self::One(only) => std::slice::from_ref(only),
            Self::Many(elements) => elements,
        }
    }
}

impl<T> DerefMut for SmallList<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match self {
            Self::Empty => &mut [],
            Self::One(only) => std::slice::from_mut(only),
            Self::Many(elements) => elements,
        }
    }
}

impl<T> Extend<T> for SmallList<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, elements: I) {
        elements.into_iter().for_each(|element| self.push(element));
    }
}

impl<T> FromIterator<T> for SmallList<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        let mut list = Self::Empty;
        list.extend(elements);
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_list() {
        let mut list = SmallList::one(1);
        list.extend(2..=5);
        assert_eq!(*list, [1, 2, 3, 4, 5]);
        list.retain(|number| number % 2 == 0);
        assert_eq!(*list, [2, 4]);
        list.iter_mut().for_each(|number| *number += 1);
        list.retain(|number| *number == 5);
        assert_eq!(*list, [5]);
        list.push(7);
        let mut seen = Vec::new();
        list.clone().for_each(|number| seen.push(number));
        assert_eq!(seen, [5, 7]);
        list.truncate(1);
        assert_eq!(*list, [5]);
    }

    #[test]
    fn a_list_of_one() {
        let one = SmallList::from_iter(["only"]);
        for length in 0..3 {
            let mut cut = one.clone();
            cut.truncate(length);
            assert_eq!(cut.len(), length.min(1));
        }
        for kept in [true, false] {
            let mut list = one.clone();
            list.retain(|_| kept);
            assert_eq!(list.is_empty(), !kept);
        }
    }
}
