// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_INTERFACE_NOTE_ADDRESSES_HPP
#define TENON_DETAIL_INTERFACE_NOTE_ADDRESSES_HPP

#include <cstddef>
#include <type_traits>

#include <tenon/export.hpp>
#include <tenon/interface.hpp>

#include <tenon/detail/interface/notes.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

using note_address = void (*)();

/// Where this image has the notes of one interface. Lists end with null.
struct interface_notes {
    note_address interface;
    const note_address* methods;
    const void* slots; // as in a plugin's note
    std::size_t slots_size;
    bool has_destructor;
};

/// Where this image has the notes of a plugin's interface and of all that crosses it: constants, from which
/// one function reads the ABI of any interface.
struct plugin_notes : interface_notes {
    const plugin_type& type;
    const note_address* types;
    const interface_notes* const* reached;
};

template <class T>
[[gnu::visibility("hidden")]] inline constexpr auto slots_here = slots_of<T>();

template <class T, class Indices = make_indices<T::methods::size>>
struct method_notes;
template <class T, std::size_t... I>
struct method_notes<T, indices<I...>> {
    [[gnu::visibility("hidden")]] static constexpr note_address list[] = {&method_note<T, I>..., nullptr};
};

template <class T>
[[gnu::visibility("hidden")]] inline constexpr interface_notes notes_of_interface{
    &interface_note<T>, method_notes<T>::list, &slots_here<T>, sizeof slots_here<T>,
    std::has_virtual_destructor_v<T>};

template <class T, class Crossing>
struct crossing_notes;
template <class T, class... U>
struct crossing_notes<T, list<U...>> {
    [[gnu::visibility("hidden")]] static constexpr note_address list[] = {&crossing_note<T, U>..., nullptr};
};

template <class Reached>
struct reached_notes;
template <class... U>
struct reached_notes<list<U...>> {
    [[gnu::visibility("hidden")]] static constexpr const interface_notes* list[] = {&notes_of_interface<U>...,
                                                                                    nullptr};
};

template <class T>
[[gnu::visibility("hidden")]] inline constexpr plugin_notes notes_of_plugin{
    notes_of_interface<T>, T::type, crossing_notes<T, crossing<T>>::list,
    reached_notes<reached_interfaces<T>>::list};

/// The addresses of T's notes, which this file writes.
template <class T>
[[gnu::visibility("hidden")]] const plugin_notes& notes_here() {
    abi_in_image<T>::emit();
    require_every_method<T>();
    return notes_of_plugin<T>;
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
