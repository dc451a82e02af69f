// The arguments that Segment's and RudderStack's browser clients take for a call of the specification.
export function positional({ type, event, name, category, userId, previousId, groupId, traits, properties }) {
  switch (type) {
    case "identify":
      return [userId, traits];
    case "track":
      return [event, properties];
    case "group":
      return [groupId, traits];
    case "alias":
      return [userId, previousId];
    default:
      return category ? [category, name, properties] : [name, properties];
  }
}
