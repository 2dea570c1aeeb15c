using System.Net;
using System.Net.Sockets;
using Folio.Server;

namespace Folio;

/// <summary>Tells before a model is loaded, which may take minutes, that its server would have no port.</summary>
internal static class PortProbe
{
    /// <summary>Takes the port as the server will, and gives it back: nobody can connect before there is a model.</summary>
    /// <param name="port">0: any free one, so there is nothing to be asked.</param>
    /// <exception cref="FolioException">The port can't be had.</exception>
    public static void Check(IPAddress address, int port)
    {
        if (port == 0) return;
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (address.Equals(IPAddress.IPv6Any)) socket.DualMode = true; // listens on IPv4 too
            socket.Bind(new IPEndPoint(address, port));
        }
        catch (SocketException error)
        {
            if (error.SocketErrorCode == SocketError.AddressAlreadyInUse) throw FolioServer.PortInUse(port, error);
            throw new FolioException(error.SocketErrorCode switch
            {
                SocketError.AccessDenied => $"this user may not listen on port {port}; choose one above 1023 with --port.",
                SocketError.AddressNotAvailable => $"{address} is no address of this machine; choose one with --host.",
                _ => $"cannot listen on {address}, port {port}: {error.Message}",
            }, error);
        }
    }
}
