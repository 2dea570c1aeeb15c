using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;

namespace Folio.Server;

/// <summary>On SIGTERM or Ctrl+C: drains before the server stops listening, so that newcomers get an answer; a second signal cuts the wait short.</summary>
internal sealed class DrainService(Drain drain, TimeSpan grace) : IHostedLifecycleService
{
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Hurry);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Hurry);
        await drain.CompleteAsync(grace, cancellationToken);

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
}
