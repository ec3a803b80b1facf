// SPDX-License-Identifier: MIT
// `dlopen` by hand, which checks nothing but success: the baseline for every way of loading.
#ifndef TENON_TESTS_BENCH_HAND_WRITTEN_HPP
#define TENON_TESTS_BENCH_HAND_WRITTEN_HPP

#include <dlfcn.h>
#include <stdexcept>
#include <string>

/// `adder` is the peer's interface. Every library here also exports a plain function that makes one.
class hand_written {
public:
    explicit hand_written(const std::string& path) : library_(::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {
        if (!library_)
            throw std::runtime_error(::dlerror());
        const auto make = reinterpret_cast<adder* (*)()>(::dlsym(library_, "make_adder"));
        if (!make)
            throw std::runtime_error(::dlerror());
        object_ = make();
    }
    hand_written(const hand_written&) = delete;
    hand_written& operator=(const hand_written&) = delete;
    ~hand_written() {
        delete object_;
        ::dlclose(library_);
    }

    adder& operator*() const { return *object_; }

private:
    void* library_;
    adder* object_ = nullptr;
};

#endif
