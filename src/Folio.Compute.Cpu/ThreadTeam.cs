using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Folio.Compute.Cpu;

/// <summary>Work that splits into independent items. An unmanaged struct of pointers and sizes, copied nowhere.</summary>
internal interface IParallelJob
{
    /// <param name="item">[0, items); each is run once, by any thread, in any order.</param>
    /// <param name="worker">[0, threads): which thread runs it, for scratch memory of one's own.</param>
    void Run(int item, int worker);
}

/// <summary>A fork-join team: the calling thread and n − 1 workers, each with a range of a job's items, that take over what others haven't begun.</summary>
/// <remarks>
/// A thread takes its own range's items in ascending order, so that memory which items read one behind the other is fetched ahead into the right core's cache and a core sees the same rows in op after op;
/// then it takes the last items of the others' ranges. Claiming is one atomic exchange, so a job costs no lock, no allocation and no wait for a worker that has
/// not shown up: the join waits only for items that were claimed. Everything else about a job is read after a claim, while the
/// caller cannot leave <see cref="Run"/>, so a late worker never sees a stale job.
/// Workers spin for <see cref="SpinTime"/> after their last item (the next op of a step is microseconds away), yielding now and then to
/// busy neighbours, then sleep: an idle server uses no processor.
/// One thread at a time may call <see cref="Run"/>, and not from inside a job. Jobs do not throw: an exception in one ends the process.
/// </remarks>
internal sealed unsafe class ThreadTeam : IDisposable
{
    private const int PausesBeforeYield = 1000; // about 10–40 µs
    private static readonly TimeSpan SpinTime = TimeSpan.FromMilliseconds(5);

    private readonly Thread[] _workers;
    private readonly SemaphoreSlim _wake = new(0);
    private readonly ItemRange[] _ranges; // [threads]: items that nobody has claimed
    private delegate*<void*, int, int, void> _invoke;
    private void* _job;
    private int _sleepers;
    private volatile bool _stopping;
    private CacheLineInt _jobs; // how many were begun
    private CacheLineInt _done; // items that workers have finished

    public ThreadTeam(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _ranges = new ItemRange[threads];
        _workers = new Thread[threads - 1];
        for (int i = 0; i < _workers.Length; i++)
        {
            int worker = i + 1;
            _workers[i] = new Thread(() => Work(worker)) { IsBackground = true, Name = $"folio-cpu-{worker}" };
            _workers[i].Start();
        }
    }

    /// <summary>The caller and the workers.</summary>
    public int Threads { get; }

    /// <summary>Runs every item of the job and returns when all are done.</summary>
    public void Run<TJob>(int items, in TJob job) where TJob : unmanaged, IParallelJob
    {
        fixed (TJob* pointer = &job)
        {
            if (Threads == 1 || items <= 1)
            {
                for (int item = 0; item < items; item++) pointer->Run(item, 0);
                return;
            }

            _job = pointer;
            _invoke = &Invoke<TJob>;
            _done.Value = 0;
            for (int i = 0; i < _ranges.Length; i++) _ranges[i].Set((int)((long)items * i / Threads), (int)((long)items * (i + 1) / Threads));
            Interlocked.Increment(ref _jobs.Value); // a full fence: either a worker going to sleep sees the job or we see the sleeper
            if (Volatile.Read(ref _sleepers) > 0 && Interlocked.Exchange(ref _sleepers, 0) is > 0 and int sleepers) _wake.Release(sleepers); // one may have left between

            int own = RunClaimed(0);
            for (int pauses = 1; Volatile.Read(ref _done.Value) + own < items; pauses++) Pause(pauses);
        }
    }

    public void Dispose()
    {
        _stopping = true;
        if (_workers.Length > 0) _wake.Release(_workers.Length);
        foreach (Thread worker in _workers) worker.Join();
        _wake.Dispose();
    }

    private static void Invoke<TJob>(void* job, int item, int worker) where TJob : unmanaged, IParallelJob => ((TJob*)job)->Run(item, worker);

    /// <returns>How many items this thread ran.</returns>
    private int RunClaimed(int worker)
    {
        int ran = 0;
        for (int item; _ranges[worker].TryTakeFirst(out item); ran++) _invoke(_job, item, worker);
        for (int i = 1; i < _ranges.Length; i++)
        {
            ref ItemRange other = ref _ranges[(worker + i) % _ranges.Length];
            for (int item; other.TryTakeLast(out item); ran++) _invoke(_job, item, worker);
        }

        return ran;
    }

    private void Work(int worker)
    {
        int seen = 0;
        while (!_stopping)
        {
            if (!WaitForJob(ref seen)) Sleep(seen);
            else if (RunClaimed(worker) is > 0 and int ran) Interlocked.Add(ref _done.Value, ran);
        }
    }

    /// <param name="seen">How many jobs this worker has seen begin.</param>
    /// <returns>False when none began for <see cref="SpinTime"/>.</returns>
    private bool WaitForJob(ref int seen)
    {
        long deadline = Environment.TickCount64 + (long)SpinTime.TotalMilliseconds;
        int jobs;
        for (int pauses = 1; (jobs = Volatile.Read(ref _jobs.Value)) == seen; pauses++)
        {
            if (Pause(pauses) && (_stopping || Environment.TickCount64 > deadline)) return false;
        }

        seen = jobs;
        return true;
    }

    private void Sleep(int seen)
    {
        Interlocked.Increment(ref _sleepers);
        if (Volatile.Read(ref _jobs.Value) != seen && TryLeaveSleepers()) return;
        if (!_stopping) _wake.Wait();
    }

    /// <returns>False when the caller has already counted this thread among those to wake: it must take its wake-up.</returns>
    private bool TryLeaveSleepers()
    {
        for (int sleepers; (sleepers = Volatile.Read(ref _sleepers)) > 0;)
        {
            if (Interlocked.CompareExchange(ref _sleepers, sleepers - 1, sleepers) == sleepers) return true;
        }

        return false;
    }

    /// <returns>True when it yielded.</returns>
    private static bool Pause(int pauses)
    {
        if (pauses % PausesBeforeYield != 0)
        {
            if (X86Base.IsSupported) X86Base.Pause();
            else Thread.SpinWait(1);
            return false;
        }

        Thread.Yield();
        return true;
    }

    /// <summary>Items [next, end) in one word, on cache lines of its own: its owner takes from the front, others from the back.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct ItemRange
    {
        [FieldOffset(128)] private long _word; // end in the upper half, next in the lower

        public void Set(int next, int end) => Volatile.Write(ref _word, ((long)end << 32) | (uint)next);

        public bool TryTakeFirst(out int item)
        {
            for (long seen; (item = (int)(seen = Volatile.Read(ref _word))) < seen >> 32;)
            {
                if (Interlocked.CompareExchange(ref _word, seen + 1, seen) == seen) return true;
            }

            return false;
        }

        public bool TryTakeLast(out int item)
        {
            for (long seen; (item = (int)((seen = Volatile.Read(ref _word)) >> 32) - 1) >= (int)seen;)
            {
                if (Interlocked.CompareExchange(ref _word, seen - (1L << 32), seen) == seen) return true;
            }

            return false;
        }
    }

    /// <summary>A counter on cache lines of its own: threads hammer it while others read their neighbours.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct CacheLineInt
    {
        [FieldOffset(128)] public int Value;
    }
}
