namespace Folio.Formats.Hub;

/// <summary>A failure that may pass: a cut connection, a busy or broken server.</summary>
/// <param name="RetryAfter">When the server wants to be asked again; null: it doesn't say.</param>
internal sealed class TransientFailure(string problem, TimeSpan? retryAfter = null, Exception? inner = null) : Exception(problem, inner)
{
    public TimeSpan? RetryAfter => retryAfter;
}

/// <summary>Counts the failures in a row of one request, and waits longer after each.</summary>
/// <param name="most">Tries, the first among them.</param>
internal sealed class Retries(HubSettings settings, int most)
{
    private static readonly TimeSpan s_mostOwnDelay = TimeSpan.FromSeconds(30), s_worthTelling = TimeSpan.FromSeconds(5);

    private int _failures;

    /// <summary>Something came: what failed before counts no more.</summary>
    public void Progressed() => _failures = 0;

    /// <summary>Tries until it goes well.</summary>
    /// <exception cref="HubException">It has failed often enough, or with something that won't pass.</exception>
    public async Task<T> RunAsync<T>(Func<Task<T>> attempt, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                return await attempt();
            }
            catch (TransientFailure failure)
            {
                await WaitAsync(failure, cancellation);
            }
        }
    }

    public Task RunAsync(Func<Task> attempt, CancellationToken cancellation) => RunAsync(
        async () =>
        {
            await attempt();
            return true;
        },
        cancellation);

    private async Task WaitAsync(TransientFailure failure, CancellationToken cancellation)
    {
        if (++_failures >= most) throw new HubException($"{settings.Host} can't be reached: {failure.Message}", failure) { IsUnreachable = true };
        TimeSpan delay = failure.RetryAfter ?? OwnDelay();
        if (delay > settings.MostDelay) throw new HubException($"{settings.Host} asks to be left alone for {delay.TotalSeconds:0} s: {failure.Message}", failure) { IsUnreachable = true };
        bool isUnknownHost = failure.InnerException is HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError }; // told at once: what was meant for a path may be waited for in vain
        if (delay >= s_worthTelling || (isUnknownHost && _failures == 1)) settings.Warning($"{failure.Message} Folio asks again in {delay.TotalSeconds:0.#} s.");
        await Task.Delay(delay, cancellation);
    }

    /// <summary>Spread a little, so that many who were refused together don't come back together.</summary>
    private TimeSpan OwnDelay()
    {
        TimeSpan delay = settings.FirstDelay * Math.Pow(2, _failures - 1) * (0.75 + 0.5 * Random.Shared.NextDouble());
        return delay < s_mostOwnDelay ? delay : s_mostOwnDelay;
    }
}
