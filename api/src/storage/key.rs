use lectern_core::ids::OrganizationId;
use object_store::path::Path;
use uuid::Uuid;

/// What kind of files lie together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    /// Organizations' logos.
    Logos,
}

impl Shelf {
    /// Every shelf.
    pub const ALL: [Self; 1] = [Self::Logos];

    /// Its part of a path.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Logos => "logos",
        }
    }

    /// The largest file on it, in bytes.
    #[must_use]
    pub const fn most(self) -> usize {
        match self {
            Self::Logos => 512 << 10,
        }
    }
}

/// Where one file lies: below its organization, on a shelf, under an id that is used once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Whose it is.
    pub organization: OrganizationId,
    /// Which kind.
    pub shelf: Shelf,
    /// Which one.
    pub id: Uuid,
}

impl Key {
    /// `{organization}/{shelf}/{id}`: hexadecimal digits, hyphens and a word of ours.
    pub(super) fn path(&self) -> Path {
        Path::from_iter([self.organization.to_string().as_str(), self.shelf.as_str(), &self.id.to_string()])
    }

    /// The key of a path that `Key::path` made; none for any other.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let mut parts = path.split('/');
        let (organization, shelf, id) = (parts.next()?, parts.next()?, parts.next()?);
        let key = Self {
            organization: OrganizationId(Uuid::parse_str(organization).ok()?),
            shelf: Shelf::ALL.into_iter().find(|one| one.as_str() == shelf)?,
            id: Uuid::parse_str(id).ok()?,
        };
        // Ids can be written in more ways than one; a path in one.
        (parts.next().is_none() && key.path().as_ref() == path).then_some(key)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_a_path_of_ours_is_a_key() {
        let key = Key { organization: OrganizationId(Uuid::max()), shelf: Shelf::Logos, id: Uuid::nil() };
        let path = key.path().to_string();
        assert_eq!(path, "ffffffff-ffff-ffff-ffff-ffffffffffff/logos/00000000-0000-0000-0000-000000000000");
        assert_eq!(Key::parse(&path), Some(key));
        let other = [
            "",
            "../master.key",
            "probe/logos/00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff/logos/../../master.key",
            "ffffffff-ffff-ffff-ffff-ffffffffffff/keys/00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff/logos/00000000000000000000000000000000",
            "/ffffffff-ffff-ffff-ffff-ffffffffffff/logos/00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff/logos/00000000-0000-0000-0000-000000000000/x",
        ];
        for path in other {
            assert_eq!(Key::parse(path), None, "{path}");
        }
    }
}
