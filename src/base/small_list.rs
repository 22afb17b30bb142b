//! A list for a small number of elements, usually one.

/// A list that stores its first element without an allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SmallList<T> {
    first: Option<T>,
    #[expect(clippy::box_collection, reason = "nearly always absent, so it should take little room")]
    more: Option<Box<Vec<T>>>,
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
        match &mut self.first {
            None => self.first = Some(element),
            Some(_) => self.more.get_or_insert_default().push(element),
        }
    }

    /// In the order in which they were added.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.first.iter().chain(self.more.iter().flat_map(|more| more.iter()))
    }

    /// The element, if there is exactly one.
    pub(crate) fn only(&self) -> Option<&T> {
        self.first.as_ref().filter(|_| self.more.is_none())
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.first.iter_mut().chain(self.more.iter_mut().flat_map(|more| more.iter_mut()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        let mut more = self.more.take();
        if let Some(more) = &mut more {
            more.retain(&keep);
        }
        if self.first.as_ref().is_some_and(|first| !keep(first)) {
            self.first = more.as_mut().filter(|more| !more.is_empty()).map(|more| more.remove(0));
        }
        self.more = more.filter(|more| !more.is_empty());
    }
}

impl<T> IntoIterator for SmallList<T> {
    type Item = T;
    type IntoIter = std::iter::Chain<std::option::IntoIter<T>, std::vec::IntoIter<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.first.into_iter().chain(self.more.map(|more| *more).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_list() {
        let mut list = SmallList::one(1);
        assert_eq!(list.only(), Some(&1));
        (2..=5).for_each(|number| list.push(number));
        assert_eq!(list.iter().copied().collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        assert_eq!(list.only(), None);
        list.retain(|number| number % 2 == 0);
        assert_eq!(list.iter().copied().collect::<Vec<_>>(), [2, 4]);
        list.retain(|_| false);
        assert!(list.is_empty());
        list.push(7);
        assert_eq!(list.into_iter().collect::<Vec<_>>(), [7]);
    }
}
