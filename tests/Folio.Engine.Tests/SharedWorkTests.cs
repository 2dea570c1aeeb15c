namespace Folio.Engine.Tests;

public sealed class SharedWorkTests
{
    private readonly SharedWork<int> _shared = new();
    private readonly TaskCompletionSource _begin = Source(), _cancel = Source();
    private readonly TaskCompletionSource<int> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _begun;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_two_ask_for_at_once_is_done_once()
    {
        Task<int> first = AskAsync(Cancellation), second = AskAsync(Cancellation);
        _end.SetResult(7);
        int[] answers = await Task.WhenAll(first, second);
        Assert.Equal([7, 7], answers);
        Assert.Equal(1, _begun);
    }

    [Fact]
    public async Task Who_leaves_takes_it_from_nobody()
    {
        using var leaves = new CancellationTokenSource();
        Task<int> leaving = AskAsync(leaves.Token), staying = AskAsync(Cancellation);
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        Task<int> late = AskAsync(Cancellation);
        _end.SetResult(7);
        int[] answers = await Task.WhenAll(staying, late);
        Assert.Equal([7, 7], answers);
        Assert.Equal((1, false), (_begun, _cancel.Task.IsCompleted));
    }

    [Fact]
    public async Task It_ends_when_nobody_waits_and_begins_anew_for_the_next()
    {
        using var leaves = new CancellationTokenSource();
        Task<int>[] leaving = [AskAsync(leaves.Token), AskAsync(leaves.Token)];
        await _begin.Task;
        await leaves.CancelAsync();
        foreach (Task<int> each in leaving) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => each);
        await _cancel.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        Task<int> next = AskAsync(Cancellation);
        _end.SetResult(7);
        Assert.Equal(7, await next);
        Assert.Equal(2, _begun);
    }

    [Fact]
    public async Task A_failure_is_everybodys_who_waits_and_no_later_ones()
    {
        Task<int> first = AskAsync(Cancellation), second = AskAsync(Cancellation);
        _end.SetException(new InvalidOperationException("no"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => first);
        await Assert.ThrowsAsync<InvalidOperationException>(() => second);
        Assert.Equal(8, await _shared.AskAsync("work", _ => Task.FromResult(8), Cancellation));
    }

    private Task<int> AskAsync(CancellationToken cancellation) => _shared.AskAsync("work", async nobodyWaits =>
    {
        Interlocked.Increment(ref _begun);
        _begin.TrySetResult();
        try
        {
            return await _end.Task.WaitAsync(nobodyWaits);
        }
        catch (OperationCanceledException)
        {
            _cancel.SetResult();
            throw;
        }
    }, cancellation);

    private static TaskCompletionSource Source() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
