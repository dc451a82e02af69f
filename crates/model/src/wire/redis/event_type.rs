//! The spellings of an event's type.

/// What the types of some publishers begin with.
const PREFIX: &str = "events.";

/// The type as `category.action`, unless it is written so already: `UserCreated` and `events.user.UserCreated` are
/// `user.created`, `InventoryLowStock` is `inventory.low_stock`.
pub(super) fn canonical(sent: &str) -> Option<String> {
    let rest = sent.strip_prefix(PREFIX).filter(|rest| !rest.is_empty());
    let name = rest.unwrap_or(sent);
    let (before, last) = name.rsplit_once('.').map_or((None, name), |(before, last)| (Some(before), last));
    if !is_pascal(last) {
        return rest.map(str::to_owned);
    }
    let (category, action) = split(last);
    // What stands before a type of several words repeats its first, or is the name of a module.
    let category = match before {
        Some(before) if action.is_empty() => format!("{}.{category}", before.to_lowercase()),
        _ => category,
    };
    Some(if action.is_empty() { category } else { format!("{category}.{action}") })
}

/// Whether it is letters and digits that begin with a capital and are not all capitals.
fn is_pascal(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && name.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// The first word and the others with underscores between them, all small. A word begins at a capital behind a small
/// letter or a digit, and at the last one of several: `SKUAdded` is `sku` and `added`.
fn split(name: &str) -> (String, String) {
    let (mut category, mut action) = (String::new(), String::new());
    let mut in_action = false;
    let mut previous = '\0';
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        let ends_capitals = letters.peek().is_some_and(char::is_ascii_lowercase);
        let begins = letter.is_ascii_uppercase()
            && previous != '\0'
            && (!previous.is_ascii_uppercase() || ends_capitals);
        if begins && in_action {
            action.push('_');
        }
        in_action |= begins;
        let word = if in_action { &mut action } else { &mut category };
        word.push(letter.to_ascii_lowercase());
        previous = letter;
    }
    (category, action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_a_category_and_an_action() {
        for (sent, name) in [
            ("UserCreated", "user.created"),
            ("events.user.UserCreated", "user.created"),
            ("events.UserCreated", "user.created"),
            ("events.user.created", "user.created"),
            ("events.billing.PaymentFailed", "payment.failed"),
            ("user.UserLoggedIn", "user.logged_in"),
            ("User.Created", "user.created"),
            ("events.user.Created", "user.created"),
            ("InventoryLowStock", "inventory.low_stock"),
            ("InventoryOutOfStock", "inventory.out_of_stock"),
            ("SKUAdded", "sku.added"),
            ("Order2Shipped", "order2.shipped"),
            ("UserAPIKeyCreated", "user.api_key_created"),
            ("Heartbeat", "heartbeat"),
        ] {
            assert_eq!(canonical(sent).as_deref(), Some(name), "{sent}");
        }
    }

    #[test]
    fn what_is_written_so_already_or_in_another_way_stays() {
        for sent in [
            "user.created",
            "user.password.reset",
            "user_created",
            "userCreated",
            "USER.CREATED",
            "user.CREATED",
            "User_Created",
            "User Created",
            "Überweisung",
            "events.",
            "events",
            "",
            ".",
            "user.",
        ] {
            assert_eq!(canonical(sent), None, "{sent}");
        }
    }
}
