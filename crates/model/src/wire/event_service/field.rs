//! The names of a message's members.

/// The members that are known, each with its name in .NET's and in JavaScript's spelling.
macro_rules! fields {
    ($($variant:ident = $pascal:literal | $camel:literal,)+) => {
        /// A member that is known.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Field { $($variant,)+ }

        impl Field {
            /// All of them, in the order in which they are returned.
            pub(super) const ALL: &[Self] = &[$(Self::$variant,)+];
            pub(super) const COUNT: usize = Self::ALL.len();

            /// Its name in errors: as .NET writes it.
            pub(super) fn pascal(self) -> &'static str {
                match self { $(Self::$variant => $pascal,)+ }
            }

            /// Its name where it is kept and returned.
            pub(super) fn camel(self) -> &'static str {
                match self { $(Self::$variant => $camel,)+ }
            }

            /// The member that a name stands for, in any spelling.
            pub(super) fn of(name: &str) -> Option<Self> {
                match name {
                    $($pascal | $camel => Some(Self::$variant),)+
                    _ => Self::ALL.iter().copied().find(|field| is_spelling(name, field.pascal())),
                }
            }
        }
    };
}

fields! {
    EventId = "EventId" | "eventId",
    Topic = "Topic" | "topic",
    Subjects = "Subjects" | "subjects",
    Tags = "Tags" | "tags",
    Data = "Data" | "data",
    Start = "Start" | "start",
    End = "End" | "end",
    CreatedDateUtc = "CreatedDateUtc" | "createdDateUtc",
    ExpirationDateUtc = "ExpirationDateUtc" | "expirationDateUtc",
    OrganizationId = "OrganizationId" | "organizationId",
    GroupId = "GroupId" | "groupId",
    OwnerId = "OwnerId" | "ownerId",
    ActorId = "ActorId" | "actorId",
    UserId = "UserId" | "userId",
    OperatorId = "OperatorId" | "operatorId",
    ActivityId = "ActivityId" | "activityId",
    AssociationId = "AssociationId" | "associationId",
    ModuleId = "ModuleId" | "moduleId",
    OrchestratorId = "OrchestratorId" | "orchestratorId",
    SourceTraceIds = "SourceTraceIds" | "sourceTraceIds",
    AccessPolicy = "AccessPolicy" | "accessPolicy",
    SharingPolicy = "SharingPolicy" | "sharingPolicy",
    RetentionPolicy = "RetentionPolicy" | "retentionPolicy",
    EncryptionProvider = "EncryptionProvider" | "encryptionProvider",
}

/// Whether a name is another without regard to case and underscores.
pub(super) fn is_spelling(name: &str, of: &str) -> bool {
    let letters = name.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase());
    letters.eq(of.bytes().map(|byte| byte.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_underscores_make_no_difference() {
        for name in
            ["CreatedDateUtc", "createdDateUtc", "created_date_utc", "CREATED_DATE_UTC", "_createddateUTC_"]
        {
            assert_eq!(Field::of(name), Some(Field::CreatedDateUtc), "{name}");
        }
        for name in ["", "_", "created-date-utc", "CreatedDate", "CreatedDateUtcs", "Töpic", "to pic"] {
            assert_eq!(Field::of(name), None, "{name}");
        }
    }

    #[test]
    fn every_field_has_one_name_in_each_spelling() {
        for (place, field) in Field::ALL.iter().enumerate() {
            assert_eq!(*field as usize, place);
            assert_eq!([Field::of(field.pascal()), Field::of(field.camel())], [Some(*field); 2]);
            assert!(is_spelling(field.camel(), field.pascal()));
        }
    }
}
