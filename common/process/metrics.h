// Counters and gauges of a process, as Prometheus text on its admin port. prometheus-cpp is behind this.
//
//   Counter& sent = metrics.AddCounter("nonet_peer_messages_sent_total", "Messages written to a peer.",
//                                      {{"peer", "westus"}});
//   sent.Increment();
#pragma once

#include <map>
#include <memory>
#include <string>

namespace prometheus {
class Counter;
class Gauge;
}  // namespace prometheus

namespace nonet {

class Counter {  // Thread-safe. A handle; copy freely.
 public:
  void Increment(double by = 1);

 private:
  friend class Metrics;
  explicit Counter(prometheus::Counter* counter) : counter_(counter) {}
  prometheus::Counter* counter_;
};

class Gauge {  // Thread-safe. A handle; copy freely.
 public:
  void Set(double value);

 private:
  friend class Metrics;
  explicit Gauge(prometheus::Gauge* gauge) : gauge_(gauge) {}
  prometheus::Gauge* gauge_;
};

class Metrics {  // Thread-safe.
 public:
  using Labels = std::map<std::string, std::string>;
  Metrics();
  ~Metrics();
  // The same name and labels give the same series. `help` of the first call stands.
  Counter AddCounter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge AddGauge(const std::string& name, const std::string& help, const Labels& labels = {});
  // Prometheus text exposition format 0.0.4.
  std::string Text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nonet
