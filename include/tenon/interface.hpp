// SPDX-License-Identifier: MIT
#ifndef TENON_INTERFACE_HPP
#define TENON_INTERFACE_HPP

#include <cstddef>
#include <new>
#include <type_traits>

#include <tenon/layout.hpp>
#include <tenon/version.hpp>

namespace tenon::inline v1 {

template <class Interface, class P>
class holds;

namespace TENON_HIDDEN detail {
template <class Pieces>
constexpr bool well_named(const Pieces& name) {
    if (name.size() == 0 || name[0] < 'a' || name[0] > 'z')
        return false;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
            return false;
    }
    return true;
}
} // namespace detail

/// The name of a kind of plugin, and the header that states it.
///
///     static constexpr tenon::plugin_type type{"greeter"};   // in the interface
///
/// A name is `[a-z][a-z0-9_-]*`. The header's path is as the compiler saw it; the builder compiles plugins against it.
class plugin_type {
public:
    template <std::size_t N>
    consteval plugin_type(const char (&name)[N], const char* header = __builtin_FILE())
        : name_(name), size_(N - 1), header_(header) {}

    constexpr const char* name() const { return name_; }
    constexpr std::size_t size() const { return size_; }
    constexpr char operator[](std::size_t i) const { return name_[i]; }
    constexpr const char* header() const { return header_; }

private:
    const char* name_;
    std::size_t size_;
    const char* header_;
};

/// The arguments that a plugin is made from; an interface without one makes its plugins from none.
///
///     using factory = tenon::factory<const settings&>;
template <class... Argument>
struct factory {};

/// Chooses one of several functions of one name, by its type without the class.
///
///     using methods = tenon::methods<tenon::overload<int(int) const>(&shape::scale)>;
template <class F, class C>
consteval auto overload(F C::*method) {
    return method;
}

template <auto Method>
struct escape {};

/// Lets one method give out what carries the plugin's code along: a `std::function`, a `std::shared_ptr` …
///
///     using methods = tenon::methods<tenon::lets_code_escape<&logger::sink>>;
///
/// Whoever calls it has to let go of the result before the plugin is closed.
template <auto Method>
TENON_HIDDEN inline constexpr escape<Method> lets_code_escape{};

namespace TENON_HIDDEN detail {

template <auto Method>
consteval auto method_of(escape<Method>) {
    return Method;
}
template <class F, class C>
consteval auto method_of(F C::*method) {
    return method;
}

template <class M>
inline constexpr bool is_escape = false;
template <auto Method>
inline constexpr bool is_escape<escape<Method>> = true;

template <class M>
struct member_function {};
template <class F, class C>
struct member_function<F C::*> : function_parts<F> {
    using signature = F;
    using owner = C;
};

} // namespace detail

/// Names every virtual function of an interface; the order is part of it, and new ones go to the end.
///
///     using methods = tenon::methods<&greeter::greet>;
///
/// A class that crosses an interface and is called through virtual functions, such as the services that a host gives its plugins,
/// names them too. Host and plugin then have to have the same.
template <auto... Method>
struct methods {
    static constexpr std::size_t size = sizeof...(Method);
    using signatures = detail::list<
        typename detail::member_function<decltype(detail::method_of(Method))>::signature...>;
};

namespace TENON_HIDDEN detail {

// A name that stands beside one of T's is ambiguous, whoever may call that and however many functions have it.
struct has_self {
    int self;
};
template <class T>
struct beside_self : T, has_self {
protected:
    ~beside_self() noexcept;
};
template <class T>
concept has_no_self = requires { &beside_self<T>::self; } || requires { typename T::self; }; // a type is not in a model's way

/// Makes the plain object of a model, once, and reaches it. These are no members of `holds`, whose names would hide those of an interface.
struct model_access {
    template <class T, class P, class... A>
    static void make(holds<T, P>& model, A&&... arguments) {
        ::new (static_cast<void*>(__builtin_addressof(model.self_))) P(static_cast<A&&>(arguments)...);
        model.made_ = true;
    }
    template <class T, class P>
    static P& held(holds<T, P>& model) noexcept {
        return model.self_;
    }
};

} // namespace detail

/// What an interface's `model` derives from: it is an `Interface` and holds the plain class `P`.
///
///     template <user_driver P> struct user_provider::model final : tenon::holds<user_provider, P> {
///         std::optional<user> get_user(std::string_view id) const override { return this->self().get_user(id); }
///     };
template <class Interface, class P>
class holds : public Interface {
    static_assert(detail::has_no_self<Interface>, "tenon: the interface has a function called `self`, and that is what a model calls its "
                                                  "plain class: give the interface's function another name");

public:
    holds() noexcept {}
    holds(const holds&) = delete;
    holds& operator=(const holds&) = delete;
    ~holds() override {
        if (made_)
            self_.~P();
    }

protected:
    P& self() noexcept { return self_; }
    const P& self() const noexcept { return self_; }

private:
    friend struct detail::model_access;

    // The model's constructor is the implicit one, so the arguments come after it.
    union {
        P self_;
    };
    bool made_ = false;
};

// ---- What an interface has to be, one requirement a concept.

template <class T>
concept states_its_type = requires { requires std::is_same_v<decltype(T::type), const plugin_type>; };

template <class T>
concept has_valid_type_name = states_its_type<T> && detail::well_named(T::type);

template <class T>
concept has_virtual_destructor = std::has_virtual_destructor_v<T>;

template <class T>
concept is_abstract = std::is_abstract_v<T>;

// All of it is one pointer to one virtual table; the manifest could tell of no more.
template <class T>
concept has_only_functions = sizeof(T) == sizeof(void*);

namespace TENON_HIDDEN detail {

template <class T>
struct factory_of {
    using type = factory<>;
};
template <class T>
    requires requires { typename T::factory; }
struct factory_of<T> {
    using type = typename T::factory;
};

template <class F>
inline constexpr bool is_factory = false;
template <class... A>
inline constexpr bool is_factory<factory<A...>> = true;

// None where `factory` means something else, as it may in an interface that is reached and has no plugins.
template <class F>
struct arguments_of_factory {
    using type = list<>;
};
template <class... A>
struct arguments_of_factory<factory<A...>> {
    using type = list<A...>;
};

template <class T>
using factory_arguments = typename arguments_of_factory<typename factory_of<T>::type>::type;

// What an interface lets its plugins hand on to their next version: a list of one type, or of none.
template <class T>
struct state_of {
    using type = list<>;
};
template <class T>
    requires requires { typename T::state; }
struct state_of<T> {
    using type = list<typename T::state>;
};

// Whether Method is a member function of T or of a base that T has once and not virtually.
template <class T, class M>
concept method_in_chain = std::is_member_function_pointer_v<M> && requires(typename member_function<M>::owner* base) {
    static_cast<T*>(base);
};

#ifdef __clang__
// A virtual function's member pointer cannot be compared in a constant expression (expr.eq/4.4). g++ folds it all
// the same, so there a function that is not virtual is found in the manifest's slots instead.
template <auto Method>
concept virtual_method = !requires { typename std::bool_constant<(Method == Method)>; };
#else
template <auto Method>
concept virtual_method = true;
#endif

// What is not constant, and is not called instead of being written to: a function, an object with virtual functions.
template <class T>
concept passed_out = !std::is_const_v<T> && !std::is_function_v<T> && !is_polymorphic<T>;

// What a parameter lets a plugin write to.
template <class T>
struct written_through {
    using type = list<>;
};
template <passed_out T>
struct written_through<T&> {
    using type = list<T>;
};
template <passed_out T>
struct written_through<T*> {
    using type = list<T>;
};
template <class T>
    requires(spelled<T>().is("std::span<") || spelled<T>().is("std::reference_wrapper<"))
struct written_through<T> {
    template <class Element>
    static consteval auto of(list<Element>) {
        return typename written_through<Element*>::type{};
    }
    using type = decltype(of(typename arguments_of<T>::type{}));
};

template <class R, class... A>
list<R, typename written_through<A>::type...> outputs(list<A...>);

// What a method of `methods` gives out, unless its author lets code escape.
template <auto Entry>
consteval auto outputs_of() {
    if constexpr (is_escape<std::remove_cv_t<decltype(Entry)>>) {
        return list<>{};
    } else {
        using parts = member_function<decltype(Entry)>;
        return decltype(detail::outputs<typename parts::result>(typename parts::parameters{})){};
    }
}

template <class T, class Methods>
inline constexpr bool methods_in_chain_v = false;
template <class T, auto... M>
inline constexpr bool methods_in_chain_v<T, methods<M...>> = all_of<method_in_chain<T, decltype(detail::method_of(M))>...>;

template <class Methods>
inline constexpr bool methods_virtual_v = false;
template <auto... M>
inline constexpr bool methods_virtual_v<methods<M...>> = all_of<virtual_method<detail::method_of(M)>...>;

template <class Methods>
struct outputs_of_all;
template <auto... M>
struct outputs_of_all<methods<M...>> : concatenation<decltype(outputs_of<M>())...> {};

// What a plugin gives out by way of T: from an interface, what its methods give out.
template <class T>
struct step_out : step<T> {};
template <has_methods T>
    requires methods_in_chain_v<T, typename T::methods>
struct step_out<T> : outputs_of_all<typename T::methods> {};

/// The types that carry a plugin's code along, of all that are reached from some that it gives out.
template <class... T>
using carriers = typename carriers_in<everything_by<step_out, T...>>::type;

/// Everything that crosses an interface's boundary.
template <class T>
using crossing = reached<typename T::methods::signatures, factory_arguments<T>, typename state_of<T>::type>;

// All of it is one pointer to one virtual table.
template <class T>
concept only_functions = std::is_polymorphic_v<T> && sizeof(T) == sizeof(void*);

/// An interface whose virtual table can be recorded: its slots are counted by deriving from it.
template <class T>
concept measurable = only_functions<T> && !std::is_final_v<T> && methods_in_chain_v<T, typename T::methods> &&
                     methods_virtual_v<typename T::methods>;

template <class T>
concept reached_and_measurable = reached_by_methods<T> && measurable<T>;

template <class List>
struct interfaces_of;
template <class... T>
struct interfaces_of<list<T...>> : concatenation<typename list_if<reached_and_measurable<T>, T>::type...> {};

/// The interfaces among what crosses T's boundary: what its host or its plugins call besides T.
template <class T>
using reached_interfaces = typename interfaces_of<crossing<T>>::type;

template <class List>
inline constexpr bool all_measurable = false;
template <class... T>
inline constexpr bool all_measurable<list<T...>> = all_of<(!reached_by_methods<T> || measurable<T>)...>;

// A name that two files can mean one type by; what the standard library makes of a type is said of that type.
template <class T>
concept shared_name = standard<T> || !(spelled<T>().contains("(anonymous namespace)") || spelled<T>().contains("{anonymous}"));

template <class List>
inline constexpr bool all_names_shared = false;
template <class... T>
inline constexpr bool all_names_shared<list<T...>> = all_of<shared_name<T>...>;

template <class List>
inline constexpr bool all_layouts_known = false;
template <class... T>
inline constexpr bool all_layouts_known<list<T...>> = all_of<known_layout<T>...>;

} // namespace detail

template <class T>
concept names_its_methods = detail::has_methods<T>;

template <class T>
concept names_only_its_own = names_its_methods<T> && detail::methods_in_chain_v<T, typename T::methods>;

template <class T>
concept names_only_virtual_functions = names_only_its_own<T> && detail::methods_virtual_v<typename T::methods>;

template <class T>
concept has_valid_factory = detail::is_factory<typename detail::factory_of<T>::type>;

template <class T>
concept keeps_its_code =
    names_only_its_own<T> && std::is_same_v<detail::carriers<typename detail::outputs_of_all<typename T::methods>::type>, detail::list<>>;

template <class T>
concept state_keeps_its_code = std::is_same_v<detail::carriers<typename detail::state_of<T>::type>, detail::list<>>;

template <class T>
concept has_known_layouts =
    names_only_its_own<T> && has_valid_factory<T> && detail::all_layouts_known<detail::crossing<T>>;

template <class T>
concept has_shared_names = names_only_its_own<T> && has_valid_factory<T> && detail::shared_name<T> &&
                           detail::all_names_shared<detail::crossing<T>>;

template <class T>
concept reaches_measurable_interfaces =
    names_only_its_own<T> && has_valid_factory<T> && detail::all_measurable<detail::crossing<T>>;

/// A class that a host and its plugins can agree on: abstract, with a virtual destructor, a name, and all of its
/// virtual functions and the types that they pass known.
template <class T>
concept plugin_interface = states_its_type<T> && has_valid_type_name<T> && has_virtual_destructor<T> && is_abstract<T> &&
                           has_only_functions<T> &&
                           names_its_methods<T> && names_only_its_own<T> && names_only_virtual_functions<T> &&
                           has_valid_factory<T> && keeps_its_code<T> && state_keeps_its_code<T> && has_known_layouts<T> &&
                           has_shared_names<T> && reaches_measurable_interfaces<T>;

// ---- What an implementation has to be.

namespace TENON_HIDDEN detail {
template <class P, class Arguments>
inline constexpr bool made_from = false;
template <class P, class... A>
inline constexpr bool made_from<P, list<A...>> = requires(A&&... arguments) { P(static_cast<A&&>(arguments)...); };

template <class P, class T>
concept has_model_for = requires { typename T::template model<P>; };
} // namespace detail

template <class P, class T>
concept derives_from_interface = std::is_base_of_v<T, P> && std::is_convertible_v<P*, T*>;

template <class P, class T>
concept implements_every_method = derives_from_interface<P, T> && !std::is_abstract_v<P>;

template <class P, class T>
concept fits_the_model = !derives_from_interface<P, T> && detail::has_model_for<P, T>;

template <class P, class T>
concept made_from_the_factorys_arguments = detail::made_from<P, detail::factory_arguments<T>>;

/// A class that plugins of type T can be made of: it implements T, or fits T's model.
template <class P, class T>
concept plugin_for = plugin_interface<T> && (implements_every_method<P, T> || fits_the_model<P, T>) &&
                     made_from_the_factorys_arguments<P, T> && std::is_destructible_v<P>;

namespace TENON_HIDDEN detail {

// One line for each clause of the concepts above, so that all of what is wrong is said at once.

template <class T>
consteval bool explain_name() {
    static_assert(shared_name<T>, "tenon: this type (T) is in an anonymous namespace, where each file has a type of its own: move "
                                  "it into a namespace with a name");
    return true;
}

template <class T>
consteval bool explain_layout() {
    static_assert(!hides_functions<T>, "tenon: this type (T) has virtual functions, of which `tenon::fields` says nothing: say `template <> "
                                       "struct tenon::layout<T> : tenon::opaque<T, 1> {};`, with another number whenever its fields or its "
                                       "functions change");
    static_assert(known_layout<T> || hides_functions<T> || !has_virtual_functions<T>,
                  "tenon: this type (T) crosses the interface and has virtual functions: say `using methods = tenon::methods<&T::f, ...>;` in "
                  "it, with every virtual function, or `template <> struct tenon::layout<T> : tenon::opaque<T, 1> {};`");
    static_assert(known_layout<T> || has_virtual_functions<T>, "tenon: the fields of this type (T) cannot be seen, it has private members, a base, a reference "
                                   "or more than 32 fields: say `template <> struct tenon::layout<T> : tenon::fields<&T::a, ...> {};` "
                                   "or `: tenon::opaque<T, 1> {};`");
    return true;
}

template <class T>
consteval bool explain_reached() {
    if constexpr (reached_by_methods<T>) {
        static_assert(only_functions<T>, "tenon: this type (T) crosses the interface and has `methods`, so it is called through its virtual "
                                         "table, and it has data members, a second base with virtual functions, or no virtual function "
                                         "at all: a class with `methods` is one chain of bases and functions alone; pass what it derives "
                                         "from, or say `template <> struct tenon::layout<T> : tenon::opaque<T, 1> {};`, and nothing of it is compared");
        static_assert(!std::is_final_v<T>, "tenon: this interface (T) crosses the interface and is `final`: the slots of its virtual "
                                           "table are counted by deriving from it; leave `final` out, or say "
                                           "`template <> struct tenon::layout<T> : tenon::opaque<T, 1> {};`, and nothing of it is compared");
        static_assert(methods_in_chain_v<T, typename T::methods>,
                      "tenon: the `methods` of this type (T), which crosses the interface, name what is no member function of it, or "
                      "one of a base that it has twice or virtually");
        static_assert(methods_virtual_v<typename T::methods>,
                      "tenon: the `methods` of this type (T), which crosses the interface, name a function that is not virtual");
    }
    return true;
}

template <class... T>
consteval bool explain_layouts(list<T...>) {
    const bool each[] = {true, (explain_layout<T>() && explain_name<T>() && explain_reached<T>())...};
    return each[0];
}

template <class T>
consteval bool explain_interface() {
    static_assert(states_its_type<T>,
                  "tenon: the interface needs `static constexpr tenon::plugin_type type{\"its-name\"};`");
    static_assert(!states_its_type<T> || has_valid_type_name<T>,
                  "tenon: the name of the plugin type has to be [a-z][a-z0-9_-]*");
    explain_name<T>();
    static_assert(has_virtual_destructor<T>, "tenon: the interface needs `virtual ~T() = default;`");
    static_assert(is_abstract<T>, "tenon: the interface has no pure virtual function: there is nothing for a plugin to do");
    static_assert(!std::is_polymorphic_v<T> || has_only_functions<T>,
                  "tenon: the interface has data members or a second base with virtual functions: a host and its plugins "
                  "share one chain of bases, and functions alone");
    static_assert(names_its_methods<T>, "tenon: the interface needs `using methods = tenon::methods<&T::f, ...>;` with "
                                        "every virtual function in it");
    static_assert(has_valid_factory<T>, "tenon: the interface's `factory` has to be a tenon::factory<...> of the arguments "
                                        "that a plugin is made from");
    static_assert(state_keeps_its_code<T>, "tenon: the interface's `state` carries the code of the plugin that saved it along "
                                           "(std::function, std::any, std::shared_ptr, std::error_code ...), and that plugin goes; "
                                           "make it plain data");
    if constexpr (names_its_methods<T>) {
        static_assert(names_only_its_own<T>, "tenon: `methods` names what is no member function of the interface, or one "
                                             "of a base that it has twice or virtually");
        if constexpr (names_only_its_own<T>) {
            static_assert(names_only_virtual_functions<T>,
                          "tenon: `methods` names a function that is not virtual: a plugin could not supply it");
            static_assert(keeps_its_code<T>,
                          "tenon: a method gives out a type that carries the plugin's code along (std::function, std::any, "
                          "std::shared_ptr, std::error_code ...) and would dangle when the plugin goes; return plain data, or "
                          "say tenon::lets_code_escape<&T::f> in `methods`");
            if constexpr (has_valid_factory<T>)
                return detail::explain_layouts(crossing<T>{});
        }
    }
    return true;
}

template <class P, class T>
consteval bool explain_implementation() {
    if constexpr (derives_from_interface<P, T>) {
        static_assert(implements_every_method<P, T>,
                      "tenon: the plugin derives from the interface but is still abstract: it has to override every pure "
                      "virtual function, with the same parameters and the same const");
    } else {
        static_assert(fits_the_model<P, T>, "tenon: the plugin neither derives from the interface nor fits its model; the "
                                            "compiler's own reason follows");
        if constexpr (!fits_the_model<P, T>)
            static_cast<void>(sizeof(typename T::template model<P>));
    }
    if constexpr (!std::is_abstract_v<P>)
        static_assert(made_from_the_factorys_arguments<P, T>,
                      "tenon: the plugin has no constructor that takes what the interface's `factory` passes");
    static_assert(std::is_destructible_v<P>, "tenon: the plugin's destructor has to be public");
    return true;
}

} // namespace detail
} // namespace tenon::inline v1

#endif
