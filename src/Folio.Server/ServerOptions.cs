namespace Folio.Server;

/// <summary>What a server of its own is given at start.</summary>
public sealed record ServerOptions : ApiOptions
{
    /// <summary>An address of this machine or "localhost". Loopback by default: nobody else reaches the server unless asked to.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>0: any free port.</summary>
    public int Port { get; init; } = 8000;

    /// <summary>Listens beyond loopback even where no key is asked for.</summary>
    public bool Insecure { get; init; }

    /// <summary>One line in the log for each request that has ended.</summary>
    public bool LogRequests { get; init; }

    /// <summary>A line in the log for each station of a request's life: arrived, queued, admitted, preempted, …</summary>
    public bool LogLifecycle { get; init; }

    /// <summary>How long a client may take to send a request's line and headers.</summary>
    public TimeSpan HeaderTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Connections beyond so many are closed as they come; null: as many as the system allows.</summary>
    public int? MaxConnections { get; init; } = 4096;
}
