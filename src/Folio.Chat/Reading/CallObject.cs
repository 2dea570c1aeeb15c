using System.Text;

namespace Folio.Chat;

/// <summary>Reads a call that is a JSON object: <c>{"name": …, "arguments": {…}}</c> in any order; <c>parameters</c> is another name of the arguments, and they may be JSON in a string.</summary>
internal sealed class CallObject(MessageWriter message)
{
    private readonly PendingCall _call = new(message);
    private readonly StringBuilder _key = new(), _value = new(); // as JSON; the key and value of the outer object that are being read
    private JsonScanner _scanner;
    private Field _field;
    private bool _inValue, _hasArguments;

    private enum Field
    {
        Other,
        Name,
        Id,
        Arguments,
    }

    /// <summary>It was told and then went wrong: what follows is more of its arguments.</summary>
    public bool IsBroken => _call.IsTold && !_scanner.IsComplete;

    /// <returns>Whether more text is needed. Where no JSON object goes on like this, the fault is left unread.</returns>
    public bool Reads(Feed feed)
    {
        while (feed.HasUnread && !_scanner.IsComplete)
        {
            if (!Push(feed.Current))
            {
                _call.Send(feed);
                return false;
            }

            feed.Take(1);
        }

        _call.Send(feed);
        return !_scanner.IsComplete && !feed.Ended;
    }

    /// <summary>Tells the call, if it is whole.</summary>
    public bool Finish(Feed feed)
    {
        if (!_scanner.IsComplete || _call.Name is null || !_hasArguments) return false;
        _call.Finish(feed);
        return true;
    }

    private bool Push(char c)
    {
        int depth = _scanner.Depth;
        bool inString = _scanner.InString;
        if (!_scanner.Push(c)) return false;
        bool isOuter = depth == 1 && !inString;
        if (isOuter && char.IsWhiteSpace(c)) return true;
        if (_inValue && isOuter && c is ',' or '}') EndValue();
        else if (_inValue) PushValue(c);
        else if (isOuter && c == ':') BeginValue();
        else if (depth == 1 && (inString || c == '"')) _key.Append(c);
        return true;
    }

    private void BeginValue()
    {
        JsonText.TryReadString(_key.ToString(), out string key);
        _field = key switch
        {
            "name" when _call.Name is null => Field.Name,
            "id" when _call.Id is null => Field.Id,
            "arguments" or "parameters" when !_hasArguments => Field.Arguments,
            _ => Field.Other,
        };
        _key.Clear();
        _value.Clear();
        _inValue = true;
    }

    private void PushValue(char c)
    {
        if (_field == Field.Arguments && (_hasArguments || (c == '{' && _value.Length == 0)))
        {
            _call.Append(c);
            if (!_hasArguments) _call.TellIfOffered();
            _hasArguments = true;
        }
        else if (_field != Field.Other)
        {
            _value.Append(c);
        }
    }

    private void EndValue()
    {
        _inValue = false;
        if (_field == Field.Other || _value.Length == 0 || !JsonText.TryReadString(_value.ToString(), out string text) || text.Length == 0) return;
        if (_field == Field.Id)
        {
            _call.Id = text;
        }
        else if (_field == Field.Name)
        {
            _call.Name = text;
            if (_hasArguments) _call.TellIfOffered();
        }
        else if (JsonScanner.IsObject(text))
        {
            _call.Append(text.Trim());
            _hasArguments = true;
            _call.TellIfOffered();
        }
    }
}
