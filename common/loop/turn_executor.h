// The Asio executor of an EventLoop's sockets: their handlers run in turns. Only event_loop.cc includes this.
#pragma once

#include <boost/asio/execution.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>
#include <type_traits>
#include <utility>

namespace nonet {

// As `Inner`, an executor of the io_context, in all its properties. Turns::Run(f) runs f in a turn.
template <typename Inner, typename Turns>
class TurnExecutor {
 public:
  TurnExecutor(Inner inner, Turns* turns) : inner_(std::move(inner)), turns_(turns) {}

  template <typename F>
  void execute(F&& f) const {
    inner_.execute([turns = turns_, f = std::forward<F>(f)]() mutable { turns->Run(std::move(f)); });
  }

  template <typename Property,
            typename = std::enable_if_t<boost::asio::can_query<const Inner&, Property>::value>>
  decltype(auto) query(const Property& property) const noexcept {
    return boost::asio::query(inner_, property);
  }
  template <typename Property,
            typename = std::enable_if_t<boost::asio::can_require<const Inner&, Property>::value>>
  auto require(const Property& property) const {
    return Around(boost::asio::require(inner_, property));
  }
  template <typename Property,
            typename = std::enable_if_t<boost::asio::can_prefer<const Inner&, Property>::value>>
  auto prefer(const Property& property) const {
    return Around(boost::asio::prefer(inner_, property));
  }

  friend bool operator==(const TurnExecutor& a, const TurnExecutor& b) noexcept {
    return a.turns_ == b.turns_ && a.inner_ == b.inner_;
  }
  friend bool operator!=(const TurnExecutor& a, const TurnExecutor& b) noexcept { return !(a == b); }

 private:
  template <typename Other>
  auto Around(Other inner) const {
    return TurnExecutor<Other, Turns>(std::move(inner), turns_);
  }

  Inner inner_;
  Turns* turns_;
};

}  // namespace nonet
