using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Folio.Server;

/// <summary>On SIGTERM or Ctrl+C: drains before the server stops listening, so that newcomers get an answer; a second signal cuts the wait short.</summary>
internal sealed partial class DrainService(Drain drain, TimeSpan grace, ILogger logger) : IHostedLifecycleService
{
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Hurry);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Hurry);
        int inFlight = drain.InFlight;
        if (inFlight > 0) LogDraining(inFlight, (int)grace.TotalSeconds);
        await drain.CompleteAsync(grace, cancellationToken);
        if (drain.Cut.IsCancellationRequested) LogCut();

        void Hurry(PosixSignalContext signal)
        {
            signal.Cancel = true;
            drain.Force();
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(EventId = 45, EventName = "Draining", Level = LogLevel.Warning, Message = "ending; {Requests} in flight may take {Seconds} s more, a second signal cuts them off")]
    private partial void LogDraining(int requests, int seconds);

    [LoggerMessage(EventId = 46, EventName = "CutOff", Level = LogLevel.Warning, Message = "requests in flight were cut off")]
    private partial void LogCut();
}
