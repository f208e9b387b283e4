//! Pages of long lists by key: the last row seen says where the next page starts, so that rows that come and go
//! neither repeat nor hide others, and page a million costs what page one costs.

use super::{Code, Problem};

pub const DEFAULT_LIMIT: u32 = 50;
pub const MAX_LIMIT: u32 = 500;

/// One page.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Send this as `after` for the next page; null on the last one.
    pub next: Option<String>,
}

/// The checked paging parameters of a query.
#[derive(Debug, Clone, Copy)]
pub struct Paging<K> {
    pub after: Option<K>,
    pub limit: u32,
}

impl<K: std::str::FromStr> Paging<K> {
    pub fn new(after: Option<&str>, limit: Option<u32>) -> Result<Paging<K>, Problem> {
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            let message = format!("limit: {limit} is not accepted: a page holds 1 to {MAX_LIMIT} rows.");
            return Err(Problem::new(Code::BadRequest, message, "Ask for less, and for the next page with after."));
        }
        let wrong = |after: &str| {
            let after: String = after.chars().take(64).collect();
            let message = format!("after: {after:?} is not the \"next\" of a page.");
            Problem::new(Code::BadRequest, message, "Leave it out to start at the first page.")
        };
        let after =
            after.filter(|after| !after.is_empty()).map(|after| after.parse().map_err(|_| wrong(after))).transpose()?;
        Ok(Paging { after, limit })
    }

    /// How many rows to read: one more than shown tells whether there is a next page.
    pub fn rows(&self) -> u32 {
        self.limit + 1
    }

    pub fn page<T>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> String) -> Page<T> {
        let limit = self.limit as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(key);
        Page { items: rows, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threat_062_a_page_is_bounded_and_says_where_the_next_one_starts() {
        for limit in [0, 501, 1_000_000_000] {
            assert!(Paging::<i64>::new(None, Some(limit)).is_err(), "{limit}");
        }
        assert!(Paging::<i64>::new(Some("' OR 1=1"), None).is_err());
        let paging = Paging::<i64>::new(Some("7"), Some(2)).unwrap();
        assert_eq!((paging.after, paging.rows()), (Some(7), 3));
        let page = paging.page(vec![8, 9, 10], |row| row.to_string());
        assert_eq!((page.items, page.next), (vec![8, 9], Some("9".to_owned())));
        assert_eq!(paging.page(vec![8, 9], |row| row.to_string()).next, None);
    }
}
