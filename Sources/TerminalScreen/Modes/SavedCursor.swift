/// What DECSC saves and DECRC brings back, for each of the two screens.
///
/// Not kept is whether the next character would have wrapped.
struct SavedCursor: Equatable {
    var row = 0
    var column = 0
    var style = PackedStyle()
    var sets = CharacterSets()
    var isOrigin = false
}
