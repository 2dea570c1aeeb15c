namespace Folio.Server.Tests;

/// <summary>Waits for what happens on other threads.</summary>
internal static class Eventually
{
    private static readonly TimeSpan s_most = TimeSpan.FromSeconds(60); // a slow machine is no failure

    /// <summary>Waits until it holds.</summary>
    public static async Task TrueAsync(Func<Task<bool>> condition)
    {
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        for (int pause = 1; !await condition(); pause = int.Min(2 * pause, 50))
        {
            if (System.Diagnostics.Stopwatch.GetElapsedTime(start) > s_most) Assert.Fail($"it did not become true within {s_most.TotalSeconds} seconds");
            await Task.Delay(pause);
        }
    }

    /// <summary>Waits until it holds.</summary>
    public static Task TrueAsync(Func<bool> condition) => TrueAsync(() => Task.FromResult(condition()));
}
