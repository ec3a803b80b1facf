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

/// The name of a plugin type, and the path of the header that declares its interface.
///
///     static constexpr tenon::plugin_type type{"greeter"};   // in the interface
///
/// A name is `[a-z][a-z0-9_-]*`. The path is spelled as the compiler saw it. The builder compiles plugins
/// against that header.
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

/// The arguments of the plugins' constructors. Without a `factory` in the interface these take none.
///
///     using factory = tenon::factory<const settings&>;
template <class... Argument>
struct factory {};

/// Chooses one overload of a method by its type without the class.
///
///     using methods = tenon::methods<tenon::overload<int(int) const>(&shape::scale)>;
template <class F, class C>
consteval auto overload(F C::* method) {
    return method;
}

template <auto Method>
struct escape {};

/// Lets one method return a value that carries the plugin's code: a `std::function`, a `std::shared_ptr` …
///
///     using methods = tenon::methods<tenon::lets_code_escape<&logger::sink>>;
///
/// A caller has to destroy the result before the plugin is closed.
template <auto Method>
TENON_HIDDEN inline constexpr escape<Method> lets_code_escape{};

namespace TENON_HIDDEN detail {

template <auto Method>
consteval auto method_of(escape<Method>) {
    return Method;
}
template <class F, class C>
consteval auto method_of(F C::* method) {
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

/// Lists every virtual function of an interface. The order is part of the interface, and new functions go to
/// the end.
///
///     using methods = tenon::methods<&greeter::greet>;
///
/// A class that crosses an interface and is called through virtual functions, such as the services of a host,
/// has such a list too. Host and plugin have to have the same one.
template <auto... Method>
struct methods {
    static constexpr std::size_t size = sizeof...(Method);
    using signatures =
        detail::list<typename detail::member_function<decltype(detail::method_of(Method))>::signature...>;
};

namespace TENON_HIDDEN detail {

// `&beside_self<T>::self` is ambiguous, and so ill-formed, if T has a `self`, even a private or overloaded
// one.
struct has_self {
    int self;
};
template <class T>
struct beside_self : T, has_self {
protected:
    ~beside_self() noexcept;
};
template <class T>
concept has_no_self =
    requires { &beside_self<T>::self; } || requires { typename T::self; }; // a type is not in a model's way

/// Constructs and accesses the plain object of a model. Not members of `holds`, because their names would
/// hide those of an interface.
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

/// The base class of an interface's `model`: derives from `Interface` and holds an object of the plain class
/// `P`.
///
///     template <user_driver P> struct user_provider::model final : tenon::holds<user_provider, P> {
///         std::optional<user> get_user(std::string_view id) const override { return this->self().get_user(id); }
///     };
template <class Interface, class P>
class holds : public Interface {
    static_assert(detail::has_no_self<Interface>,
                  "tenon: the interface has a function called `self`, and that is what a model calls its "
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

    // The implicit constructor of a model takes no arguments, so the object is constructed after it.
    union {
        P self_;
    };
    bool made_ = false;
};

// ---- The requirements on an interface, one concept each

template <class T>
concept states_its_type = requires { requires std::is_same_v<decltype(T::type), const plugin_type>; };

template <class T>
concept has_valid_type_name = states_its_type<T> && detail::well_named(T::type);

template <class T>
concept has_virtual_destructor = std::has_virtual_destructor_v<T>;

template <class T>
concept is_abstract = std::is_abstract_v<T>;

// The whole object is one pointer to one virtual table. The manifest describes nothing else.
template <class T>
concept has_only_functions = detail::complete<T> && std::is_polymorphic_v<T> && sizeof(T) == sizeof(void*);

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

// The list is empty if `factory` is no tenon::factory: a reached interface has no plugins, and may use the
// name for something else.
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

// The type of the state that a plugin passes to its next version: a list of one type, or of none.
template <class T>
struct state_of {
    using type = list<>;
};
template <class T>
    requires requires { typename T::state; }
struct state_of<T> {
    using type = list<typename T::state>;
};

// True if Method is a member function of T, or of a base that T has once and not virtually.
template <class T, class M>
concept method_in_chain = std::is_member_function_pointer_v<M> &&
                          requires(typename member_function<M>::owner* base) { static_cast<T*>(base); };

#ifdef __clang__
// A member pointer of a virtual function cannot be compared in a constant expression (expr.eq/4.4). g++ folds
// the comparison all the same, so with g++ a non-virtual function is only noticed by its slot in the
// manifest.
template <auto Method>
concept virtual_method = !requires { typename std::bool_constant<(Method == Method)>; };
#else
template <auto Method>
concept virtual_method = true;
#endif

// A type that can be written to. Not functions and objects with virtual functions, which are called instead.
template <class T>
concept passed_out = !std::is_const_v<T> && !std::is_function_v<T> && !is_polymorphic<T>;

// The types that a plugin can write to through a parameter.
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
    requires std::is_class_v<T> &&
             (spelled<T>().is("std::span<") || spelled<T>().is("std::reference_wrapper<"))
struct written_through<T> {
    template <class Element>
    static consteval auto of(list<Element>) {
        return typename written_through<Element*>::type{};
    }
    using type = decltype(of(typename arguments_of<T>::type{}));
};

template <class R, class... A>
list<R, typename written_through<A>::type...> outputs(list<A...>);

// The types that a method returns or writes to, unless the author lets code escape.
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
inline constexpr bool methods_in_chain_v<T, methods<M...>> =
    all_of<method_in_chain<T, decltype(detail::method_of(M))>...>;

// True if the class of one of T's methods has the same list of methods, which T then inherits.
template <class T, class Owner>
inline constexpr bool inherits_methods_of = false;
template <class T, has_methods Owner>
inline constexpr bool inherits_methods_of<T, Owner> =
    !std::is_same_v<T, Owner> && std::is_same_v<typename T::methods, typename Owner::methods>;

template <class T, class Methods>
inline constexpr bool states_methods_v = false;
template <class T, auto... M>
inline constexpr bool states_methods_v<T, methods<M...>> =
    all_of<!inherits_methods_of<T, typename member_function<decltype(detail::method_of(M))>::owner>...>;

template <class Methods>
inline constexpr bool methods_virtual_v = false;
template <auto... M>
inline constexpr bool methods_virtual_v<methods<M...>> = all_of<virtual_method<detail::method_of(M)>...>;

template <class Methods>
struct outputs_of_all;
template <auto... M>
struct outputs_of_all<methods<M...>> : concatenation<decltype(outputs_of<M>())...> {};

// The types that a plugin gives out along with a T: for an interface, those that its methods give out. A type
// that carries code is not looked into further.
template <class T>
struct step_out : step<T> {};
template <carries_code T>
struct step_out<T> {
    using type = list<>;
};
template <class F, class C>
    requires(!std::is_function_v<F>)
struct step_out<F C::*> {
    using type = list<F>;
};
template <has_methods T>
    requires methods_in_chain_v<T, typename T::methods>
struct step_out<T> : outputs_of_all<typename T::methods> {};

/// The types that carry a plugin's code, among all types reached from these.
template <class... T>
using carriers = typename those_that_are<is_carrier, everything_by<step_out, T...>>::type;

/// All types that cross the boundary of an interface.
template <class T>
using crossing = reached<typename T::methods::signatures, factory_arguments<T>, typename state_of<T>::type>;

/// An interface whose slots can be counted, which takes a class derived from it.
template <class T>
concept measurable = has_only_functions<T> && !std::is_final_v<T> &&
                     methods_in_chain_v<T, typename T::methods> && methods_virtual_v<typename T::methods>;

template <class T>
concept reached_and_measurable = reached_by_methods<T> && measurable<T>;

template <class T>
using is_reached_and_measurable = std::bool_constant<reached_and_measurable<T>>;

/// The interfaces that cross T's boundary, which its host or its plugins call besides T.
template <class T>
using reached_interfaces = typename those_that_are<is_reached_and_measurable, crossing<T>>::type;

template <class List>
inline constexpr bool all_measurable = false;
template <class... T>
inline constexpr bool all_measurable<list<T...>> = all_of<(!reached_by_methods<T> || measurable<T>)...>;

// A type whose name means the same type in two files. A standard template is judged by its arguments.
template <class T>
concept shared_name =
    standard<T> || !(spelled<T>().contains("(anonymous namespace)") || spelled<T>().contains("{anonymous}"));

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
concept names_only_virtual_functions =
    names_only_its_own<T> && detail::methods_virtual_v<typename T::methods>;

/// The interface has a list of its own, and not just the one that it inherits from its base.
template <class T>
concept states_its_methods = names_only_its_own<T> && detail::states_methods_v<T, typename T::methods>;

template <class T>
concept has_valid_factory = detail::is_factory<typename detail::factory_of<T>::type>;

template <class T>
concept keeps_its_code =
    names_only_its_own<T> &&
    std::is_same_v<detail::carriers<typename detail::outputs_of_all<typename T::methods>::type>,
                   detail::list<>>;

template <class T>
concept state_keeps_its_code =
    std::is_same_v<detail::carriers<typename detail::state_of<T>::type>, detail::list<>>;

template <class T>
concept has_known_layouts =
    names_only_its_own<T> && has_valid_factory<T> && detail::all_layouts_known<detail::crossing<T>>;

template <class T>
concept has_shared_names = names_only_its_own<T> && has_valid_factory<T> && detail::shared_name<T> &&
                           detail::all_names_shared<detail::crossing<T>>;

template <class T>
concept reaches_measurable_interfaces =
    names_only_its_own<T> && has_valid_factory<T> && detail::all_measurable<detail::crossing<T>>;

/// A class that can be a plugin interface: abstract, with a virtual destructor, a name, a list of all virtual
/// functions, and known layouts for the types that they pass.
template <class T>
concept plugin_interface =
    states_its_type<T> && has_valid_type_name<T> && has_virtual_destructor<T> && is_abstract<T> &&
    has_only_functions<T> && names_its_methods<T> && names_only_its_own<T> &&
    names_only_virtual_functions<T> && states_its_methods<T> && has_valid_factory<T> && keeps_its_code<T> &&
    state_keeps_its_code<T> && has_known_layouts<T> && has_shared_names<T> &&
    reaches_measurable_interfaces<T>;

// ---- The requirements on an implementation

namespace TENON_HIDDEN detail {
template <class P, class Arguments>
inline constexpr bool made_from = false;
template <class P, class... A>
inline constexpr bool made_from<P, list<A...>> =
    requires(A&&... arguments) { P(static_cast<A&&>(arguments)...); };

template <class P, class T>
concept has_model_for = requires { typename T::template model<P>; };
} // namespace detail

template <class P, class T>
concept derives_from_interface =
    detail::complete<P> && std::is_base_of_v<T, P> && std::is_convertible_v<P*, T*>;

template <class P, class T>
concept implements_every_method = derives_from_interface<P, T> && !std::is_abstract_v<P>;

template <class P, class T>
concept fits_the_model = detail::complete<P> && !derives_from_interface<P, T> && detail::has_model_for<P, T>;

template <class P, class T>
concept made_from_the_factorys_arguments = detail::made_from<P, detail::factory_arguments<T>>;

/// A class that can be a plugin of type T: it implements T, or fits T's model.
template <class P, class T>
concept plugin_for = plugin_interface<T> && (implements_every_method<P, T> || fits_the_model<P, T>) &&
                     made_from_the_factorys_arguments<P, T> && std::is_destructible_v<P>;

/// Only for messages: compilers show its arguments after a sentence about types.
template <class... T>
struct these_types;

namespace TENON_HIDDEN detail {

// ---- The conditions behind the sentences of export.hpp

// A value in place of a concept: g++ explains failed concepts at length, which would bury the sentence.
template <bool Holds>
inline constexpr bool value = Holds;

template <class T>
using of_unknown_layout = std::bool_constant<!known_layout<T> && !has_virtual_functions<T>>;
template <class T>
using of_unknown_functions =
    std::bool_constant<!known_layout<T> && has_virtual_functions<T> && !hides_functions<T>>;
template <class T>
using hiding_functions = std::bool_constant<hides_functions<T>>;
template <class T>
using named_for_one_file = std::bool_constant<!shared_name<T>>;
template <class T>
using called_with_data = std::bool_constant<reached_by_methods<T> && !has_only_functions<T>>;
template <class T>
concept has_methods_and_is_final = reached_by_methods<T> && std::is_final_v<T>;
template <class T>
using called_and_final = std::bool_constant<has_methods_and_is_final<T>>;
template <class T>
using called_by_foreign_methods = std::bool_constant<reached_by_methods<T> && !names_only_its_own<T>>;
template <class T>
using called_by_plain_functions =
    std::bool_constant<names_only_its_own<T> && reached_by_methods<T> && !names_only_virtual_functions<T>>;

// The types that cross the interface, as far as they can be determined.
template <class T, template <class> class Is>
struct crossing_that_are {
    using type = list<>;
};
template <class T, template <class> class Is>
    requires(names_only_its_own<T> && has_valid_factory<T>)
struct crossing_that_are<T, Is> : those_that_are<Is, crossing<T>> {};

template <class T>
using unknown_layouts = typename crossing_that_are<T, of_unknown_layout>::type;
template <class T>
using unknown_functions = typename crossing_that_are<T, of_unknown_functions>::type;
template <class T>
using hidden_functions = typename crossing_that_are<T, hiding_functions>::type;
template <class T>
using names_of_one_file = typename crossing_that_are<T, named_for_one_file>::type;
template <class T>
using interfaces_with_data = typename crossing_that_are<T, called_with_data>::type;
template <class T>
using final_interfaces = typename crossing_that_are<T, called_and_final>::type;
template <class T>
using interfaces_of_foreign_methods = typename crossing_that_are<T, called_by_foreign_methods>::type;
template <class T>
using interfaces_of_plain_functions = typename crossing_that_are<T, called_by_plain_functions>::type;

template <class T>
struct given_out {
    using type = list<>;
};
template <names_only_its_own T>
struct given_out<T> : outputs_of_all<typename T::methods> {};
template <class T>
using carriers_given_out = carriers<typename given_out<T>::type>;
template <class T>
using carriers_in_state = carriers<typename state_of<T>::type>;

// A class that is only declared gets an error about that, and none of these.
template <class P, class T>
concept is_no_longer_abstract = !derives_from_interface<P, T> || implements_every_method<P, T>;
template <class P, class T>
concept derives_or_fits = !complete<P> || derives_from_interface<P, T> || fits_the_model<P, T>;
template <class P>
concept is_destroyed = !complete<P> || std::is_destructible_v<P>;

// The arguments are a template parameter, so that compilers show them. True if another error tells the cause:
// an object that cannot be destroyed cannot be constructed either.
template <class P, class T, class Arguments>
inline constexpr bool is_made_from = made_from<P, Arguments>;
template <class P, class T, class Arguments>
    requires(!complete<P> || !has_valid_factory<T> || !std::is_destructible_v<P> || std::is_abstract_v<P>)
inline constexpr bool is_made_from<P, T, Arguments> = true;

// The model is checked only if there is no other error about it or the plugin's class.
template <class P, class T>
concept models_without_self = !fits_the_model<P, T> || has_no_self<T>;
template <class P, class T>
concept looks_into_model = fits_the_model<P, T> && has_no_self<T> && std::is_destructible_v<P>;
template <class P, class T>
concept defines_the_model = !looks_into_model<P, T> || requires { sizeof(typename T::template model<P>); };
template <class P, class T>
concept has_a_concrete_model = !looks_into_model<P, T> || !defines_the_model<P, T> ||
                               !requires { requires std::is_abstract_v<typename T::template model<P>>; };
template <class P, class T>
concept has_a_usable_model =
    models_without_self<P, T> && defines_the_model<P, T> && has_a_concrete_model<P, T>;

template <class P, class T>
using arguments_not_taken =
    std::conditional_t<is_made_from<P, T, factory_arguments<T>>, list<>, factory_arguments<T>>;

template <class List>
inline constexpr bool is_empty = std::is_same_v<List, list<>>;

// The types for compilers to name; a complete type if there are none.
template <class List>
struct named {
    using type = char;
};
template <class First, class... More>
struct named<list<First, More...>> {
    using type = these_types<First, More...>;
};

// Makes the compiler explain why a class does not fit the model, and so the author's concept.
template <class P, class T>
auto explain_model() {
    if constexpr (!derives_or_fits<P, T>)
        static_cast<void>(sizeof(typename T::template model<P>));
    return true;
}

} // namespace detail
} // namespace tenon::inline v1

#endif
