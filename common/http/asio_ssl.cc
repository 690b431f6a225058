// The one translation unit that compiles Asio's TLS; see common/loop/asio.cc.
#include <boost/asio/ssl/impl/src.hpp>
