// SPDX-License-Identifier: MIT
// Qt's plugin loader. By default it never unloads; without its hints it does.
#ifndef TENON_TESTS_BENCH_PEERS_QT_HPP
#define TENON_TESTS_BENCH_PEERS_QT_HPP

#include <QObject>
#include <QtPlugin>

struct adder {
    virtual ~adder() = default;
    virtual int add(int a, int b) = 0;
};
Q_DECLARE_INTERFACE(adder, "tenon.bench.adder")

#ifdef BENCH_HOST
#include <QPluginLoader>
#include <stdexcept>
#include <string>

class peer {
public:
    explicit peer(const std::string& path) : loader_(QString::fromStdString(path)) {
        loader_.setLoadHints({});
        object_ = qobject_cast<adder*>(loader_.instance());
        if (!object_)
            throw std::runtime_error(loader_.errorString().toStdString());
    }
    ~peer() { loader_.unload(); }
    adder& operator*() const { return *object_; }

private:
    QPluginLoader loader_;
    adder* object_;
};
#else
class sum_object : public QObject, public adder {
    Q_OBJECT
    Q_PLUGIN_METADATA(IID "tenon.bench.adder")
    Q_INTERFACES(adder)

public:
    int add(int a, int b) override { return a + b; }
};
#endif

#endif
