//! A list for a small number of elements, usually one.

/// A list that stores its first element without an allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SmallList<T> {
    first: Option<T>,
    more: Vec<T>,
}

impl<T> Default for SmallList<T> {
    fn default() -> Self {
        Self { first: None, more: Vec::new() }
    }
}

impl<T> SmallList<T> {
    pub(crate) fn one(first: T) -> Self {
        Self { first: Some(first), more: Vec::new() }
    }

    pub(crate) fn push(&mut self, element: T) {
        match &mut self.first {
            None => self.first = Some(element),
            Some(_) => self.more.push(element),
        }
    }

    /// In the order in which they were added.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.first.iter().chain(&self.more)
    }

    /// The element, if there is exactly one.
    pub(crate) fn only(&self) -> Option<&T> {
        self.first.as_ref().filter(|_| self.more.is_empty())
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.first.iter_mut().chain(&mut self.more)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        self.more.retain(&keep);
        if self.first.as_ref().is_some_and(|first| !keep(first)) {
            self.first = if self.more.is_empty() { None } else { Some(self.more.remove(0)) };
        }
    }
}

impl<T> IntoIterator for SmallList<T> {
    type Item = T;
    type IntoIter = std::iter::Chain<std::option::IntoIter<T>, std::vec::IntoIter<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.first.into_iter().chain(self.more)
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
