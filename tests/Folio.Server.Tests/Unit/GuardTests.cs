namespace Folio.Server.Tests;

public sealed class GuardTests
{
    [Theory]
    [InlineData("Bearer second", true)]
    [InlineData("bearer first", true)]
    [InlineData("Bearer  first ", true)]
    [InlineData("Bearer firs", false)]
    [InlineData("Bearer ", false)]
    [InlineData("first", false)]
    [InlineData("Basic first", false)]
    [InlineData("", false)]
    public void Any_of_the_keys_opens_and_nothing_else(string header, bool admitted) => Assert.Equal(admitted, new ApiKeys(["first", "second"]).Admit(header));

    [Fact]
    public void Without_keys_everyone_enters() => Assert.True(new ApiKeys([]).Admit(""));

    [Fact]
    public async Task A_drain_waits_for_those_inside_and_lets_nobody_in()
    {
        using var drain = new Drain();
        Assert.True(drain.TryEnter());
        Task complete = drain.CompleteAsync(TimeSpan.FromMinutes(1), CancellationToken.None);
        Assert.False(drain.TryEnter());
        Assert.False(complete.IsCompleted);
        drain.Leave();
        await complete.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.False(drain.Cut.IsCancellationRequested);
    }

    [Fact]
    public async Task After_its_grace_a_drain_cuts_off_what_is_left()
    {
        using var drain = new Drain();
        drain.TryEnter();
        await drain.CompleteAsync(TimeSpan.FromMilliseconds(20), CancellationToken.None);
        Assert.True(drain.Cut.IsCancellationRequested);
    }

    [Fact]
    public async Task Force_ends_the_wait_at_once()
    {
        using var drain = new Drain();
        drain.TryEnter();
        Task complete = drain.CompleteAsync(TimeSpan.FromMinutes(1), CancellationToken.None);
        drain.Force();
        await complete.WaitAsync(TimeSpan.FromSeconds(10));
    }
}
