// The one translation unit that compiles Asio itself: targets that link nonet::loop see declarations only
// (BOOST_ASIO_SEPARATE_COMPILATION), which halves the compile of every socket shell.
#include <boost/asio/impl/src.hpp>
