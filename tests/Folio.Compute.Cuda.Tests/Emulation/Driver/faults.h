// Code that may reach memory that isn't there: it is left, where the process would have ended.
#pragma once
#include <csetjmp>
#include <csignal>
#include <functional>

struct Landing
{
    sigjmp_buf place;
    void* address;
};

inline thread_local Landing* landing __attribute__((tls_model("initial-exec"))) = nullptr;
inline struct sigaction handler_before;

// Faults of others, .NET's null references among them, go on to who handled them before.
inline void on_fault(int signal, siginfo_t* info, void* context)
{
    if (landing != nullptr)
    {
        landing->address = info->si_addr;
        siglongjmp(landing->place, 1);
    }

    if ((handler_before.sa_flags & SA_SIGINFO) != 0) handler_before.sa_sigaction(signal, info, context);
    else sigaction(signal, &handler_before, nullptr); // and happens again
}

inline void watch_faults()
{
    struct sigaction action = {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigaction(SIGSEGV, &action, &handler_before);
}

// False: it touched `address`, which is nobody's.
inline bool run_watched(const std::function<void()>& body, void*& address)
{
    Landing own;
    if (sigsetjmp(own.place, 1) != 0)
    {
        landing = nullptr;
        address = own.address;
        return false;
    }

    landing = &own;
    body();
    landing = nullptr;
    return true;
}
