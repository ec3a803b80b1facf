// SPDX-License-Identifier: MIT
// Poco's class loader, with a manifest of classes.
#ifndef TENON_TESTS_BENCH_PEERS_POCO_HPP
#define TENON_TESTS_BENCH_PEERS_POCO_HPP

struct adder {
    virtual ~adder() = default;
    virtual int add(int a, int b) = 0;
};

#ifdef BENCH_HOST
#include <Poco/ClassLoader.h>
#include <memory>
#include <string>

class peer {
public:
    explicit peer(const std::string& path) : path_(path) {
        loader_.loadLibrary(path_);
        object_.reset(loader_.create("sum"));
    }
    ~peer() {
        object_.reset();
        loader_.unloadLibrary(path_);
    }
    adder& operator*() const { return *object_; }

private:
    Poco::ClassLoader<adder> loader_;
    std::string path_;
    std::unique_ptr<adder> object_;
};
#else
#include <Poco/ClassLibrary.h>
#define BENCH_EXPORT                                                                                         \
    POCO_BEGIN_MANIFEST(adder)                                                                               \
    POCO_EXPORT_CLASS(sum)                                                                                   \
    POCO_END_MANIFEST
#endif

#endif
