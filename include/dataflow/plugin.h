// Own sources, sinks and operators for DataFlow. docs/plugins.md shows how one is made.
//
//   #include <dataflow/plugin.h>
//
//   DATAFLOW_PLUGIN("my plug-in", "1.0", plugin) {
//     plugin.add_sink("lines", [](const dataflow::plugin::Request& request) {
//       return std::make_unique<Lines>(request);
//     });
//   }
//
// A shared object has one of these. Everything here is in headers: nothing of ours is linked.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <dataflow/plugin_operator.h>
#include <dataflow/plugin_sink.h>
#include <dataflow/plugin_source.h>

namespace dataflow::plugin {
namespace detail {

using MakeSource = std::function<std::unique_ptr<Source>(const Request&)>;
using MakeSink = std::function<std::unique_ptr<Sink>(const Request&)>;
using MakeOperator = std::function<std::unique_ptr<Operator>(const Request&)>;
using MakeShape = std::function<Shape(const Request&)>;

class SourceMaker final : public abi::SourceFactory {
 public:
  explicit SourceMaker(MakeSource make) : make_(std::move(make)) {}
  abi::SourcePart* make(const abi::Request& from, abi::Texts& error) noexcept override {
    abi::SourcePart* made = nullptr;
    guarded(error, [&] {
      const Request request(from);
      std::unique_ptr<Source> source = made_by("its factory", make_(request));
      request.options.refuse_rest();
      made = new SourceAdapter(std::move(source), request.schema);
    });
    return made;
  }

 private:
  const MakeSource make_;
};

class SinkMaker final : public abi::SinkFactory {
 public:
  explicit SinkMaker(MakeSink make) : make_(std::move(make)) {}
  abi::SinkPart* make(const abi::Request& from, abi::Texts& error) noexcept override {
    abi::SinkPart* made = nullptr;
    guarded(error, [&] {
      const Request request(from);
      std::unique_ptr<Sink> sink = made_by("its factory", make_(request));
      request.options.refuse_rest();
      made = new SinkAdapter(std::move(sink), request.schema);
    });
    return made;
  }

 private:
  const MakeSink make_;
};

class OperatorMaker final : public abi::OperatorFactory {
 public:
  OperatorMaker(MakeShape shape, MakeOperator make)
      : shape_(std::move(shape)), make_(std::move(make)) {}
  bool describe(const abi::Request& from, abi::Shape& out, abi::Texts& error) noexcept override {
    return guarded(error, [&] {
      const Request request(from);
      const Shape shape = shape_(request);
      // Together they ask for all options; and what it refuses is told before anything runs.
      made_by("its factory", make_(request));
      request.options.refuse_rest();
      for (const Field& field : shape.schema.fields()) {
        out.add_field({to_abi(field.name), to_abi(field.type), field.nullable});
      }
      out.set(to_abi(shape.event_time), shape.makes_updates, shape.takes_updates);
    });
  }
  abi::OperatorPart* make(const abi::Request& from, abi::Texts& error) noexcept override {
    abi::OperatorPart* made = nullptr;
    guarded(error, [&] {
      const Request request(from);
      std::unique_ptr<Operator> step = made_by("its factory", make_(request));
      made = new OperatorAdapter(std::move(step), request.schema);
    });
    return made;
  }

 private:
  const MakeShape shape_;
  const MakeOperator make_;
};

}  // namespace detail

namespace detail {

// A shared object is never unloaded: what it has registered stays until the process ends.
template <class Maker, class... Parts>
Maker& kept(Parts&&... parts) {
  static auto& all = *new std::vector<std::shared_ptr<Maker>>();
  all.push_back(std::make_shared<Maker>(std::forward<Parts>(parts)...));
  return *all.back();
}

}  // namespace detail

// What a plug-in adds, by the names that pipelines use. What is added stays as long as the process.
class Registry {
 public:
  explicit Registry(abi::Registrar& registrar) : registrar_(registrar) {}

  void add_source(const std::string& name, detail::MakeSource make) {
    registrar_.add_source(to_abi(name), detail::kept<detail::SourceMaker>(std::move(make)));
  }
  void add_sink(const std::string& name, detail::MakeSink make) {
    registrar_.add_sink(to_abi(name), detail::kept<detail::SinkMaker>(std::move(make)));
  }
  // Both are asked when a pipeline is checked, and `make` then once for each task.
  void add_operator(const std::string& name, detail::MakeShape shape, detail::MakeOperator make) {
    registrar_.add_operator(to_abi(name),
                            detail::kept<detail::OperatorMaker>(std::move(shape), std::move(make)));
  }

 private:
  abi::Registrar& registrar_;
};

namespace detail {

inline abi::Plugin make_plugin(const char* name, const char* version,
                               bool (*add_all)(abi::Registrar&, abi::Texts&) noexcept) {
  abi::Plugin made{abi::kMagic, abi::kInterface, abi::kMachine, {}, name, version, add_all};
  for (size_t i = 0; i < sizeof made.sizes / sizeof made.sizes[0]; ++i) {
    made.sizes[i] = abi::kSizes[i];
  }
  return made;
}

}  // namespace detail
}  // namespace dataflow::plugin

// Defines the one symbol that the server looks for; a function body follows.
#define DATAFLOW_PLUGIN(NAME, VERSION, REGISTRY)                                                   \
  static void dataflow_plugin_add_all(::dataflow::plugin::Registry& REGISTRY);                     \
  extern "C" __attribute__((visibility("default"))) const ::dataflow::plugin::abi::Plugin*         \
  dataflow_plugin() {                                                                              \
    static const ::dataflow::plugin::abi::Plugin plugin = ::dataflow::plugin::detail::make_plugin( \
        NAME, VERSION,                                                                             \
        [](::dataflow::plugin::abi::Registrar& registrar,                                          \
           ::dataflow::plugin::abi::Texts& error) noexcept {                                       \
          return ::dataflow::plugin::detail::guarded(error, [&] {                                  \
            ::dataflow::plugin::Registry registry(registrar);                                      \
            dataflow_plugin_add_all(registry);                                                     \
          });                                                                                      \
        });                                                                                        \
    return &plugin;                                                                                \
  }                                                                                                \
  static void dataflow_plugin_add_all(::dataflow::plugin::Registry& REGISTRY)
