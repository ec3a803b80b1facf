// SPDX-License-Identifier: MIT
// Boost.DLL, used as in its tutorial: a factory under an alias.
#ifndef TENON_TESTS_BENCH_PEERS_BOOST_HPP
#define TENON_TESTS_BENCH_PEERS_BOOST_HPP

#include <memory>

struct adder {
    virtual ~adder() = default;
    virtual int add(int a, int b) = 0;
};

#ifdef BENCH_HOST
#include <boost/dll/import.hpp>
#include <boost/function.hpp>
#include <string>

class peer {
public:
    explicit peer(const std::string& path)
        : make_(boost::dll::import_alias<std::unique_ptr<adder>()>(boost::dll::fs::path(path), "make_sum")),
          object_(make_()) {}
    adder& operator*() const { return *object_; }

private:
    boost::function<std::unique_ptr<adder>()> make_;
    std::unique_ptr<adder> object_;
};
#else
#include <boost/dll/alias.hpp>
#define BENCH_EXPORT                                                                                         \
    static std::unique_ptr<adder> created() {                                                                \
        return std::make_unique<sum>();                                                                      \
    }                                                                                                        \
    BOOST_DLL_ALIAS(created, make_sum)
#endif

#endif
